/* fuzz_host_json.c - the first line is a place, what follows a stranger's JSON: every reader that is lent
 * to a plug-in says the same of both, and what is quoted is read back as it was. */
#include "tee/tee.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    ROOM = 256
};

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool is_fault_of_theirs(chaos_status status)
{
    return status == CHAOS_OK || status == CHAOS_E_GUEST_AGENT;
}

/* At most one of the three kinds of value stands there, and json_raw has its bytes. */
static void read_all(const chaos_host *host, chaos_slice text, const char *place)
{
    char string[ROOM];
    uint8_t bytes[ROOM];
    size_t count = ROOM + 1;
    uint64_t number = 0;
    chaos_slice raw = { NULL, 0 };
    chaos_error err;
    const chaos_status found = host->json_raw(host, text, place, &raw, &err);
    const bool is_text = host->json_text(host, text, place, string, sizeof string, NULL) == CHAOS_OK;
    const bool is_bytes = host->json_bytes(host, text, place, bytes, sizeof bytes, &count, NULL) == CHAOS_OK;
    const bool is_number = host->json_unsigned(host, text, place, UINT64_MAX, &number, NULL) == CHAOS_OK;

    require(found == CHAOS_E_USAGE || is_fault_of_theirs(found));
    require(found == CHAOS_OK || (err.status == found && err.text[0] != '\0'));
    require(found == CHAOS_OK ? raw.size > 0 : raw.data == NULL);
    require(raw.data == NULL || (raw.data >= text.data && raw.data + raw.size <= text.data + text.size));
    require(found == CHAOS_OK || (!is_text && !is_bytes && !is_number));
    require(!is_number || (!is_text && !is_bytes));
    require(!is_text || memchr(string, '\0', sizeof string) != NULL);
    require(!is_bytes || (count <= ROOM && raw.size == 2 * count + 2));
}

static void read_keys(const chaos_host *host, chaos_slice text)
{
    static const char *const known[] = { "a", "b", NULL };
    const chaos_status status = host->json_keys(host, text, known, NULL);

    require(status == CHAOS_E_USAGE || is_fault_of_theirs(status));
}

/* Any text that has no NUL: quoted, it is JSON of printable ASCII that says the same; or it is not UTF-8. */
static void quote(const chaos_host *host, const char *text)
{
    char quoted[6 * ROOM + 3];
    char object[sizeof quoted + 8];
    char again[ROOM];
    int length;

    if (host->json_quote(host, text, quoted, sizeof quoted, NULL) != CHAOS_OK) {
        require(quoted[0] == '\0');
        return;
    }
    for (const char *c = quoted; *c != '\0'; c++) {
        require(*c >= 0x20 && *c < 0x7f);
    }
    length = snprintf(object, sizeof object, "{\"a\":%s}", quoted);
    require(host->json_text(host, slice(object, (size_t)length), "a", again, sizeof again, NULL) == CHAOS_OK);
    require(strcmp(again, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size == 0 ? NULL : memchr(data, '\n', size);
    const size_t place_size = line == NULL ? size : (size_t)(line - data);
    const size_t used = line == NULL ? size : place_size + 1;
    chaos_slice text;
    char place[ROOM] = "";
    tee_host host;

    if (size > 0) {
        memcpy(place, data, place_size < ROOM ? place_size : ROOM - 1);
    }
    text = used < size ? slice(data + used, size - used) : slice(NULL, 0);
    tee_host_init(&host, NULL, "fuzz");
    read_all(&host.host, text, place);
    read_keys(&host.host, text);
    quote(&host.host, place);
    return 0;
}
