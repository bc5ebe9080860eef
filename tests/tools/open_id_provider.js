// A provider of OpenID Connect: the package `oidc-provider`, whose path is the first argument. On standard input: {"client",
// "secret", "groups": {login: […]}}. It writes its issuer, and serves until standard input ends. Its forms take any password.
'use strict';

const { createServer } = require('node:http');
const { pathToFileURL } = require('node:url');
const { createInterface } = require('node:readline');

const given = createInterface({ input: process.stdin });
given.once('line', async (line) => {
  const { client, secret, groups } = JSON.parse(line);
  const { Provider } = await import(pathToFileURL(process.argv[2]));
  const server = createServer();
  server.listen(0, '127.0.0.1', () => {
    const issuer = `http://127.0.0.1:${server.address().port}`;
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: client,
          client_secret: secret,
          application_type: 'native', // of such clients a provider takes any port of this machine (RFC 8252, 7.3)
          redirect_uris: ['http://127.0.0.1/sign-in/back'],
        },
      ],
      claims: { openid: ['sub'], groups: ['groups'] },
      conformIdTokenClaims: false, // the groups stand in the ID token
      cookies: { keys: ['tests'] },
      findAccount: (_, login) => ({ accountId: login, claims: () => ({ sub: login, groups: groups[login] ?? [] }) }),
    });
    server.on('request', provider.callback());
    process.stdout.write(`${issuer}\n`);
  });
});
given.once('close', () => process.exit(0));
