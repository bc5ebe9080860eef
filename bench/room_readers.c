/* Readers for bench/rooms.py: N connections in one thread, level-triggered epoll, one shared buffer.

   usage: room_readers PORT COUNT RATE TARGETS-FILE

   Each line of the file is a target, such as "/s/main/events?channel=floor"; reader i asks for line i modulo the lines,
   from the address 127.0.1.(1 + i modulo 16), RATE of them a second. A reader whose connection ended or that was turned
   away comes back after a second or more with the id of the last frame that it had, as browsers do.

   Frames are checked by the reader's rule (docs/reference/doors.md): `prev` of a frame is at most the offset that the
   reader has come to, and so is `head` of a pulse; otherwise an event is missing. Prints "ready" when all have a first
   frame. For each line on stdin it prints its counts and resets latencies, frames and bytes; it exits when stdin ends. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 20, KEPT = 512, STEPS = 60000, EVENTS = 1024, ADDRESSES = 16, ID = 96 };

struct reader {
    int fd;             /* -1: away until `again` */
    int held, joined, asked, back;
    int64_t again;
    long at;            /* the offset that the reader has come to; 0 before the first snapshot */
    char id[ID];        /* of the last frame, EPOCH:OFFSET */
    char rest[KEPT];    /* the begin of a line that is not whole yet */
};

static char buffer[ROOM + KEPT + 1];
static unsigned steps[STEPS]; /* latencies in ms */
static unsigned long frames, events_lost, doubled, ended, refused, fresh, came_back, bytes;
static struct reader *readers;
static char **targets;
static int count, joined, port, epoll;

static int64_t ms(clockid_t clock) {
    struct timespec at;
    clock_gettime(clock, &at);
    return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static void report(void) {
    struct rusage used;
    unsigned long all = 0, upto = 0;
    long p50 = -1, p99 = -1, max = 0;
    for (int i = 0; i < STEPS; i++) all += steps[i];
    for (int i = 0; i < STEPS; i++) {
        if (!steps[i]) continue;
        upto += steps[i];
        if (p50 < 0 && upto * 2 >= all) p50 = i;
        if (p99 < 0 && upto * 100 >= all * 99) p99 = i;
        max = i;
    }
    getrusage(RUSAGE_SELF, &used);
    printf("{\"joined\":%d,\"frames\":%lu,\"events_lost\":%lu,\"doubled\":%lu,\"ended\":%lu,\"refused\":%lu,"
           "\"came_back\":%lu,\"fresh\":%lu,\"bytes\":%lu,\"p50_ms\":%ld,\"p99_ms\":%ld,\"max_ms\":%ld,\"cpu_s\":%.3f}\n",
           joined, frames, events_lost, doubled, ended, refused, came_back, fresh, bytes, p50, p99, max,
           used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    fflush(stdout);
    memset(steps, 0, sizeof steps);
    frames = bytes = 0;
}

static void leave(struct reader *reader, int64_t now) {
    close(reader->fd);
    reader->fd = -1;
    reader->held = 0;
    reader->again = now + 1000 + (reader - readers) % 3000;
    if (reader->joined) joined--;
    reader->joined = 0;
}

static void dial(struct reader *reader, int64_t now) {
    int number = reader - readers;
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons(port)};
    from.sin_addr.s_addr = htonl(0x7f000101 + number % ADDRESSES);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    reader->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int late = 1;
    setsockopt(reader->fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &late, sizeof late);
    if (reader->fd < 0 || bind(reader->fd, (struct sockaddr *)&from, sizeof from)
        || (connect(reader->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)) {
        refused++;
        leave(reader, now);
        return;
    }
    reader->asked = 0;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = reader};
    epoll_ctl(epoll, EPOLL_CTL_ADD, reader->fd, &event);
}

static void ask(struct reader *reader, int64_t now) {
    char request[1024], last[ID + 32] = "";
    int number = reader - readers, lines = 0;
    while (targets[lines]) lines++;
    if (reader->at) snprintf(last, sizeof last, "Last-Event-ID: %s\r\n", reader->id);
    int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n%s\r\n",
                        targets[number % lines], port, last);
    if (write(reader->fd, request, size) != size) {
        refused++;
        leave(reader, now);
        return;
    }
    reader->asked = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = reader};
    epoll_ctl(epoll, EPOLL_CTL_MOD, reader->fd, &event);
}

static long number_after(const char *at, const char *end, const char *key) {
    char *found = memmem(at, end - at, key, strlen(key));
    return found ? strtol(found + strlen(key), NULL, 10) : -1;
}

/* One whole head of a frame: "id: …\ndata: {…" or "event: pulse\ndata: {…}", as much of it as matters. */
static void frame(struct reader *reader, const char *at, const char *end, int64_t wall) {
    if (*at == 'e') {
        long head = number_after(at, end, "\"head\":");
        if (reader->at && head > reader->at) events_lost += head - reader->at;
        if (head > reader->at) reader->at = head;
        return;
    }
    const char *line = memchr(at, '\n', end - at), *colon = memrchr(at, ':', line - at);
    long offset = strtol(colon + 1, NULL, 10), sent = number_after(line, end, "\"sent\":"), prev = number_after(line, end, "\"prev\":");
    frames++;
    if (prev < 0) {
        if (reader->at) fresh++;
    } else {
        if (prev > reader->at) events_lost += prev - reader->at;
        if (offset <= reader->at && !reader->back) doubled++;
        if (sent > 0) {
            int64_t late = wall - sent;
            steps[late < 0 ? 0 : late >= STEPS ? STEPS - 1 : late]++;
        }
    }
    reader->back = 0;
    if (offset > reader->at || prev < 0) reader->at = offset;
    int size = line - (at + 4);
    memcpy(reader->id, at + 4, size < ID - 1 ? size : ID - 1);
    reader->id[size < ID - 1 ? size : ID - 1] = 0;
    if (!reader->joined) joined++;
    reader->joined = 1;
}

static void take(struct reader *reader, char *data, int size) {
    enum { NEEDED = 220 }; /* bytes from the head's begin that hold id, sent and prev */
    char *at = data, *end = data + size, *found, *keep = NULL;
    int64_t wall = ms(CLOCK_REALTIME);
    while ((found = memchr(at, '\n', end - at))) {
        char *head = found + 1;
        int left = end - head;
        if (left < 4 || (!memcmp(head, "id: ", 4) && left < NEEDED && !memmem(head, left, "\n\n", 2))
            || (!memcmp(head, "even", 4) && !memmem(head, left, "\n\n", 2))) {
            keep = found;
            break;
        }
        if (!memcmp(head, "id: ", 4) || !memcmp(head, "even", 4))
            frame(reader, head, left < NEEDED ? end : head + NEEDED, wall);
        at = head;
    }
    reader->held = keep && end - keep < KEPT ? end - keep : 0;
    if (reader->held) memmove(reader->rest, keep, reader->held);
}

static int begin(char *data, int size) {
    return size >= 12 && !memcmp(data, "HTTP/1.1 ", 9) ? atoi(data + 9) : 0;
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    port = atoi(argv[1]), count = atoi(argv[2]);
    double rate = atof(argv[3]);
    static char text[1 << 16], *lines[4096];
    int file = open(argv[4], O_RDONLY), size = read(file, text, sizeof text - 1), many = 0;
    if (size <= 0 || count <= 0 || rate <= 0) return 2;
    for (char *line = strtok(text, "\n"); line && many < 4095; line = strtok(NULL, "\n")) lines[many++] = line;
    targets = lines;
    readers = calloc(count, sizeof *readers);
    for (int i = 0; i < count; i++) readers[i].fd = -1;
    epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);
    int64_t began = ms(CLOCK_MONOTONIC), looked = 0;
    int dialled = 0, said = 0;
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, 100);
        int64_t now = ms(CLOCK_MONOTONIC);
        while (dialled < count && dialled < (now - began) * rate / 1000) dial(&readers[dialled++], now);
        if (now - looked >= 250) {
            looked = now;
            for (int i = 0; i < dialled; i++)
                if (readers[i].fd < 0 && now >= readers[i].again) {
                    came_back++;
                    readers[i].back = 1;
                    dial(&readers[i], now);
                }
        }
        for (int i = 0; i < ready; i++) {
            struct reader *reader = events[i].data.ptr;
            if (!reader) {
                char line[64];
                if (read(0, line, sizeof line) <= 0) return 0;
                report();
                continue;
            }
            if (reader->fd < 0) continue;
            if (!reader->asked) {
                ask(reader, now);
                continue;
            }
            memcpy(buffer, reader->rest, reader->held);
            ssize_t got = read(reader->fd, buffer + reader->held, ROOM);
            if (got < 0 && errno == EAGAIN) continue;
            if (got <= 0) {
                ended++;
                leave(reader, now);
                continue;
            }
            bytes += got;
            int status = reader->held ? 0 : begin(buffer, got);
            if (status && status != 200) {
                refused++;
                leave(reader, now);
                continue;
            }
            take(reader, buffer, reader->held + got);
        }
        if (!said && joined == count) {
            puts("ready");
            fflush(stdout);
            said = 1;
        }
    }
}
