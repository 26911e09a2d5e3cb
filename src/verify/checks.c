/* checks.c - the list of checks and how one is recorded. */
#include "verify/verify.h"

#include <stdio.h>

const char *const check_names[CHECK_COUNT] = {
#define CHECK_NAME(identifier, name) [CHECK_##identifier] = (name),
    CHECK_LIST(CHECK_NAME)
#undef CHECK_NAME
};

void check_run_init(check_run *run, bool collect)
{
    memset(run, 0, sizeof *run);
    run->collect = collect;
    run->error.offset = CHAOS_NO_OFFSET;
}

static void format_value(const check_value *value, char *text, size_t capacity)
{
    char time_text[TIME_TEXT_SIZE];

    switch (value->kind) {
    case VALUE_NONE:
        text[0] = '\0';
        break;
    case VALUE_TEXT:
        (void)snprintf(text, capacity, "%.*s", (int)value->bytes.size, (const char *)value->bytes.data);
        break;
    case VALUE_BYTES:
        (void)error_hex(text, capacity, value->bytes);
        break;
    case VALUE_QUOTED:
        (void)error_quote(text, capacity, value->bytes);
        break;
    case VALUE_NUMBER:
        (void)snprintf(text, capacity, "%llu", (unsigned long long)value->number);
        break;
    case VALUE_TIME:
        (void)snprintf(text, capacity, "%s", time_format(value->number, time_text));
        break;
    }
}

static void record(check_row *row, check_result result, chaos_status status, check_value expected, check_value found)
{
    row->result = result;
    row->code = status;
    format_value(&expected, row->expected, sizeof row->expected);
    format_value(&found, row->found, sizeof row->found);
}

/* The error that decides is the first; only an authentication failure takes the place of a date. */
static bool decides(const check_run *run, chaos_status status)
{
    return run->error.status == CHAOS_OK || (status_is_date(run->error.status) && !status_is_date(status));
}

bool check_fail(check_run *run, check_id id, chaos_status status, const char *field, check_value expected,
                check_value found, const fault *why)
{
    check_row *row = &run->rows[id];

    if (row->result != CHECK_FAILED) {
        record(row, CHECK_FAILED, status, expected, found);
    }
    if (decides(run, status)) {
        if (why != NULL) {
            (void)fault_to_error(why, &run->error);
            memcpy(row->expected, run->error.expected, sizeof row->expected);
            memcpy(row->found, run->error.found, sizeof row->found);
        } else {
            (void)error_set(&run->error, status, field, CHAOS_NO_OFFSET, NULL);
            memcpy(run->error.expected, row->expected, sizeof run->error.expected);
            memcpy(run->error.found, row->found, sizeof run->error.found);
        }
    }
    run->failed = true;
    return !run->collect && !status_is_date(status);
}

void check_warn(check_run *run, check_id id, chaos_status status, const char *field, check_value expected,
                check_value found)
{
    (void)field;
    if (run->rows[id].result == CHECK_UNREACHED || run->rows[id].result == CHECK_PASSED) {
        record(&run->rows[id], CHECK_WARNED, status, expected, found);
    }
    run->warned = true;
}

void check_not_checked(check_run *run, check_id id, const char *why)
{
    if (run->rows[id].result == CHECK_UNREACHED) {
        record(&run->rows[id], CHECK_NOT_CHECKED, CHAOS_OK, v_text(why), v_none());
    }
}
