/* batch.c - many lines, several threads, results in the order of the lines.
 *
 * This thread reads, `jobs` threads judge, one writes. A ring of twice as many lines as there are judges is all that is
 * ever in memory: whoever is ahead waits. */
#include "verify_program.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536u

typedef struct slot {
    chaos_buffer line, result;
    uint64_t number, bytes;
    bool too_long, finished;
    int code;
} slot;

typedef struct batch {
    const inputs *in;
    pthread_mutex_t lock;
    pthread_cond_t room, work, done;
    size_t window;
    uint64_t read, taken, written; /* slots so far; slot n is ring[n % window] */
    bool ended;                    /* nothing more will be read */
    bool output_failed;
    int output_error;
    int worst;
    progress bar;
    slot ring[2 * BATCH_MAX_JOBS];
} batch;

static slot *slot_of(batch *b, uint64_t n)
{
    return &b->ring[n % b->window];
}

/* ------------------------------------------------------------------ threads ---- */

static int judge_slot(batch *b, slot *s)
{
    chaos_error err = { 0 };
    if (!s->too_long) {
        return batch_line(b->in, buffer_slice(&s->line), s->number, &s->result);
    }
    (void)error_set(&err, CHAOS_E_BATCH_FORMAT, "line", CHAOS_NO_OFFSET, "the line is too long");
    error_expected(&err, "at most %u bytes", BATCH_MAX_LINE);
    error_found(&err, "%llu bytes", (unsigned long long)s->bytes);
    return batch_line_fault(b->in, s->number, &err, &s->result);
}

static void *judge_lines(void *context)
{
    batch *b = context;
    (void)pthread_mutex_lock(&b->lock);
    for (;;) {
        while (b->taken == b->read && !b->ended) {
            (void)pthread_cond_wait(&b->work, &b->lock);
        }
        if (b->taken == b->read) {
            break;
        }
        slot *s = slot_of(b, b->taken++);
        (void)pthread_mutex_unlock(&b->lock);
        int code = judge_slot(b, s);
        chaos_buffer_free(&s->line);
        (void)pthread_mutex_lock(&b->lock);
        s->code = code;
        s->finished = true;
        (void)pthread_cond_signal(&b->done);
    }
    (void)pthread_mutex_unlock(&b->lock);
    return NULL;
}

/* Without the lock: only the writer touches what is finished. */
static bool write_slot(batch *b, slot *s)
{
    progress_clear(&b->bar);
    bool good = say_bytes(STDOUT_FILENO, buffer_slice(&s->result));
    b->output_error = good ? b->output_error : errno;
    progress_step(&b->bar, s->bytes);
    chaos_buffer_free(&s->result);
    return good;
}

static void *write_results(void *context)
{
    batch *b = context;
    (void)pthread_mutex_lock(&b->lock);
    for (;;) {
        while ((b->written == b->read || !slot_of(b, b->written)->finished) && !(b->ended && b->written == b->read)) {
            (void)pthread_cond_wait(&b->done, &b->lock);
        }
        if (b->written == b->read) {
            break;
        }
        slot *s = slot_of(b, b->written);
        bool failed = b->output_failed;
        (void)pthread_mutex_unlock(&b->lock);
        failed = failed || !write_slot(b, s);
        chaos_buffer_free(&s->result);
        (void)pthread_mutex_lock(&b->lock);
        b->output_failed = failed;
        b->worst = s->code > b->worst ? s->code : b->worst;
        s->finished = false;
        b->written++;
        (void)pthread_cond_signal(&b->room);
    }
    (void)pthread_mutex_unlock(&b->lock);
    return NULL;
}

/* ------------------------------------------------------------------- lines ---- */

typedef struct line_source {
    int fd;
    size_t at, size;
    uint8_t chunk[CHUNK];
} line_source;

/* The next line without its line feed, whatever its length: beyond the limit only counted. False at the end, and with
 * *failed when reading went wrong. */
static bool next_line(line_source *source, slot *s, bool *failed)
{
    bool any = false;
    s->line = (chaos_buffer)CHAOS_BUFFER_INIT(BATCH_MAX_LINE);
    s->bytes = 0;
    s->too_long = false;
    for (;;) {
        if (source->at == source->size) {
            ssize_t n = read(source->fd, source->chunk, sizeof source->chunk);
            if (n < 0 && errno == EINTR) {
                continue;
            }
            *failed = n < 0;
            if (n <= 0) {
                return any && !*failed;
            }
            source->at = 0;
            source->size = (size_t)n;
        }
        const uint8_t *begin = source->chunk + source->at;
        const uint8_t *end = memchr(begin, '\n', source->size - source->at);
        size_t size = end == NULL ? source->size - source->at : (size_t)(end - begin);
        any = true;
        s->bytes += size + (end == NULL ? 0 : 1);
        source->at += size + (end == NULL ? 0 : 1);
        s->too_long = s->too_long || !buffer_append(&s->line, slice(begin, size));
        if (end != NULL) {
            return true;
        }
    }
}

static bool is_blank(const slot *s)
{
    for (size_t i = 0; i < s->line.size; i++) {
        uint8_t c = s->line.data[i];
        if (c != ' ' && c != '\t' && c != '\r') {
            return false;
        }
    }
    return !s->too_long;
}

/* Hands the line to the judges. False: the results cannot be written, so there is no use in going on. */
static bool hand_over(batch *b, const slot *line)
{
    (void)pthread_mutex_lock(&b->lock);
    while (b->read - b->written == b->window && !b->output_failed) {
        (void)pthread_cond_wait(&b->room, &b->lock);
    }
    bool good = !b->output_failed;
    if (good) {
        slot *s = slot_of(b, b->read);
        *s = *line;
        s->result = (chaos_buffer)CHAOS_BUFFER_INIT(0);
        s->finished = false;
        b->read++;
        (void)pthread_cond_signal(&b->work);
    }
    (void)pthread_mutex_unlock(&b->lock);
    return good;
}

static chaos_status read_lines(batch *b, int fd, const char *path, chaos_error *err)
{
    line_source *source = malloc(sizeof *source);
    chaos_status status = CHAOS_OK;
    bool failed = false;
    slot line = { 0 };
    if (source == NULL) {
        return error_set(err, CHAOS_E_MEMORY, "--batch", CHAOS_NO_OFFSET, NULL);
    }
    source->fd = fd;
    source->at = source->size = 0;
    while (status == CHAOS_OK && next_line(source, &line, &failed)) {
        line.number++;
        bool used = false;
        if (line.number > BATCH_MAX_LINES) {
            status = error_set(err, CHAOS_E_USAGE, "--batch", CHAOS_NO_OFFSET, "more than %u lines", BATCH_MAX_LINES);
        } else if (!is_blank(&line)) {
            used = hand_over(b, &line);
            status = used ? CHAOS_OK : CHAOS_E_FILE_IO;
        }
        if (!used) {
            chaos_buffer_free(&line.line);
        }
    }
    if (failed) {
        chaos_buffer_free(&line.line);
        status = error_set(err, CHAOS_E_FILE_IO, "--batch", CHAOS_NO_OFFSET, "cannot read '%s': %s", shown(path).text,
                           strerror(errno));
    }
    free(source);
    return status;
}

/* --------------------------------------------------------------------- run ---- */

static void end_of_lines(batch *b)
{
    (void)pthread_mutex_lock(&b->lock);
    b->ended = true;
    (void)pthread_cond_broadcast(&b->work);
    (void)pthread_cond_broadcast(&b->done);
    (void)pthread_mutex_unlock(&b->lock);
}

static chaos_status run_threads(batch *b, unsigned jobs, int fd, const char *path, chaos_error *err)
{
    pthread_t judges[BATCH_MAX_JOBS], writer;
    unsigned started = 0;
    bool has_writer = pthread_create(&writer, NULL, write_results, b) == 0;
    while (has_writer && started < jobs && pthread_create(&judges[started], NULL, judge_lines, b) == 0) {
        started++;
    }
    chaos_status status =
        started > 0 ? read_lines(b, fd, path, err)
                    : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, "no thread can be started");
    end_of_lines(b);
    for (unsigned i = 0; i < started; i++) {
        (void)pthread_join(judges[i], NULL);
    }
    if (has_writer) {
        (void)pthread_join(writer, NULL);
    }
    return status;
}

static int result_code(const batch *b, chaos_status status, const chaos_error *err)
{
    if (b->output_failed) {
        return say_failure(PROGRAM, EXIT_ENVIRONMENT, "cannot write to standard output: %s",
                           strerror(b->output_error));
    }
    if (status != CHAOS_OK) {
        return say_fault(PROGRAM, exit_of_status(status), err);
    }
    if (b->read == 0) {
        return say_failure(PROGRAM, EXIT_USAGE, "the batch has no line, so nothing was judged");
    }
    return b->worst;
}

static uint64_t size_of(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 ? (uint64_t)status.st_size : 0;
}

int batch_run(const char *path, unsigned jobs, const inputs *in)
{
    chaos_error err = { 0 };
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return say_failure(PROGRAM, EXIT_ENVIRONMENT, "FILE_IO: --batch: cannot read '%s': %s", shown(path).text,
                           strerror(errno));
    }
    batch *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    b->in = in;
    b->window = 2 * (size_t)jobs;
    b->bar = progress_begin(size_of(fd));
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)pthread_cond_init(&b->room, NULL);
    (void)pthread_cond_init(&b->work, NULL);
    (void)pthread_cond_init(&b->done, NULL);
    chaos_status status = run_threads(b, jobs, fd, path, &err);
    progress_end(&b->bar);
    int code = result_code(b, status, &err);
    (void)pthread_cond_destroy(&b->done);
    (void)pthread_cond_destroy(&b->work);
    (void)pthread_cond_destroy(&b->room);
    (void)pthread_mutex_destroy(&b->lock);
    free(b);
    if (fd != STDIN_FILENO) {
        (void)close(fd); /* read only: there is nothing to lose */
    }
    return code;
}
