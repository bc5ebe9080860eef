/* Readers for bench/fanout.py: N connections in one thread, level-triggered epoll, one shared buffer.

   usage: fanout_readers PORT COUNT CORE REQUEST-FILE

   Sends the request on every connection, then reads. A caption holds one mark "#SSSSSSSSS@NNNNNNNNNNNNNNNNNNNN"
   (number, CLOCK_MONOTONIC ns of its append). Per connection the numbers have to rise by exactly one.
   Prints "ready" when all are connected. For each line on stdin it prints its counts and resets them, but for `lost`;
   it exits when stdin ends. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MARK = 31, ROOM = 1 << 20, STEPS = 40000, STEP_US = 50, EVENTS = 1024 };

struct reader {
    int fd;
    int held;
    long last;
    char rest[MARK];
};

static char buffer[ROOM + MARK];
static unsigned steps[STEPS];
static unsigned long marks, gaps, repeats, bytes, lost;

static int64_t now_ns(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static void report(int open_now) {
    struct rusage used;
    unsigned long upto = 0, p50 = 0, p99 = 0, max = 0;
    for (int i = 0; i < STEPS; i++) {
        if (!steps[i]) continue;
        upto += steps[i];
        if (!p50 && upto * 2 >= marks) p50 = i + 1;
        if (!p99 && upto * 100 >= marks * 99) p99 = i + 1;
        max = i + 1;
    }
    getrusage(RUSAGE_SELF, &used);
    printf("{\"marks\":%lu,\"gaps\":%lu,\"repeats\":%lu,\"lost\":%lu,\"open\":%d,\"bytes\":%lu,"
           "\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,\"cpu_s\":%.3f}\n",
           marks, gaps, repeats, lost, open_now, bytes, p50 * STEP_US / 1e3, p99 * STEP_US / 1e3, max * STEP_US / 1e3,
           used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    fflush(stdout);
    memset(steps, 0, sizeof steps);
    marks = gaps = repeats = bytes = 0;
}

static void take(struct reader *reader, char *data, int size, int64_t now) {
    char *at = data, *end = data + size, *found;
    while ((found = memchr(at, '#', end - at)) && end - found >= MARK) {
        char *rest;
        long number = strtol(found + 1, &rest, 10);
        if (*rest == '@') {
            int64_t late = (now - strtoll(rest + 1, NULL, 10)) / (STEP_US * 1000);
            steps[late < 0 ? 0 : late >= STEPS ? STEPS - 1 : late]++;
            marks++;
            if (reader->last && number > reader->last + 1) gaps++;
            if (reader->last && number <= reader->last) repeats++;
            reader->last = number;
        }
        at = found + MARK;
    }
    reader->held = found ? end - found : 0;
    memcpy(reader->rest, found, reader->held);
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    int port = atoi(argv[1]), count = atoi(argv[2]), open_now = 0;
    cpu_set_t core;
    CPU_ZERO(&core);
    CPU_SET(atoi(argv[3]), &core);
    sched_setaffinity(0, sizeof core, &core);
    char request[4096];
    int file = open(argv[4], O_RDONLY);
    int length = read(file, request, sizeof request);
    if (length <= 0) return 2;
    struct reader *readers = calloc(count, sizeof *readers);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);
    for (int i = 0; i < count; i++) {
        readers[i].fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(readers[i].fd, (struct sockaddr *)&to, sizeof to) || write(readers[i].fd, request, length) != length) {
            perror("connect");
            return 1;
        }
        fcntl(readers[i].fd, F_SETFL, O_NONBLOCK);
        event.data.ptr = &readers[i];
        epoll_ctl(epoll, EPOLL_CTL_ADD, readers[i].fd, &event);
        open_now++;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            struct reader *reader = events[i].data.ptr;
            if (!reader) {
                char line[64];
                if (read(0, line, sizeof line) <= 0) return 0;
                report(open_now);
                continue;
            }
            memcpy(buffer, reader->rest, reader->held);
            ssize_t size = read(reader->fd, buffer + reader->held, ROOM);
            if (size <= 0) {
                if (size < 0 && errno == EAGAIN) continue;
                close(reader->fd);
                open_now--;
                lost++;
                continue;
            }
            bytes += size;
            take(reader, buffer, reader->held + size, now_ns());
        }
    }
}
