/* rpc_retry.c - which failures are worth another try, and when. */
#include "eth/rpc.h"

enum {
    BACKOFF_FIRST_MS = 250,
    BACKOFF_MAX_MS = 8000,
    DAY_S = 86400
};

/* ------------------------------------------------------------------ worth ---- */

static bool is_in(int64_t value, const int64_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == value) {
            return true;
        }
    }
    return false;
}

static rpc_worth judge_error(const rpc_failure *failure)
{
    static const int64_t again[] = { -32005, -32007, -32012, -32016, -32055, 429, 1008, -1 };
    static const char *const texts[] = { "rate limit", "too many requests", "header not found", "try again",
                                         "request limit", "capacity exceeded", "rate exceeded" };
    if (rpc_is_revert(failure) || failure->code == -32003) {
        return RPC_FINAL;
    }
    if (is_in(failure->code, again, CHAOS_ARRAY_SIZE(again))) {
        return RPC_AGAIN;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(texts); i++) {
        if (rpc_says(failure, texts[i])) {
            return RPC_AGAIN;
        }
    }
    return failure->code == -32603 ? RPC_AGAIN_TWICE : RPC_FINAL;
}

rpc_worth rpc_judge(chaos_status status, const rpc_failure *failure)
{
    static const int64_t http_final[] = { 400, 401, 403, 404, 405, 413 };
    if (status == CHAOS_E_NETWORK || status == CHAOS_E_TIMEOUT || status == CHAOS_E_GUEST_AGENT) {
        return RPC_AGAIN;
    }
    if (status != CHAOS_E_NODE) {
        return RPC_FINAL;
    }
    if (failure->http_status == 429) {
        return RPC_AGAIN;
    }
    if (failure->answered) {
        return judge_error(failure);
    }
    /* HTML, half an answer, another's answer: like 502. */
    return is_in(failure->http_status, http_final, CHAOS_ARRAY_SIZE(http_final)) ? RPC_FINAL : RPC_AGAIN;
}

/* ------------------------------------------------------------------- when ---- */

static bool two_digits(const char *text, int *value)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') {
        return false;
    }
    *value = (text[0] - '0') * 10 + (text[1] - '0');
    return true;
}

static int month_of(const char *text)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++) {
        if (memcmp(names + 3 * (size_t)i, text, 3) == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* IMF-fixdate of RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT". */
static bool http_date(const char *text, int64_t *seconds)
{
    int day, century, year, hour, minute, second;
    if (strlen(text) != 29 || strcmp(text + 25, " GMT") != 0) {
        return false;
    }
    bool ok = two_digits(text + 5, &day) && two_digits(text + 12, &century) && two_digits(text + 14, &year) &&
              two_digits(text + 17, &hour) && two_digits(text + 20, &minute) && two_digits(text + 23, &second);
    return ok && time_from_civil(100 * century + year, month_of(text + 8), day, hour, minute, second, seconds);
}

int64_t rpc_retry_after(const char *header, int64_t now_seconds)
{
    int64_t seconds = 0;
    if (header[0] == '\0') {
        return -1;
    }
    if (header[0] < '0' || header[0] > '9') {
        if (!http_date(header, &seconds)) {
            return -1;
        }
        seconds = seconds > now_seconds ? seconds - now_seconds : 0;
        return 1000 * (seconds < DAY_S ? seconds : DAY_S);
    }
    for (const char *c = header; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') {
            return -1;
        }
        seconds = seconds < DAY_S ? 10 * seconds + (*c - '0') : seconds;
    }
    return 1000 * (seconds < DAY_S ? seconds : DAY_S);
}

uint32_t rpc_backoff_ms(unsigned round, uint64_t random)
{
    uint32_t most = round < 5 ? (uint32_t)BACKOFF_FIRST_MS << round : BACKOFF_MAX_MS;
    return (uint32_t)(random % (most + 1));
}
