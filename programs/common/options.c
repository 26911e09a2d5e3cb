/* options.c - the command line, read by a table that is also the help text. */
#include "common.h"

#include <unistd.h>

#define HELP_MAX 16384u
#define HELP_COLUMN 30 /* where the help texts begin */

/* A row of the shared tables that this command does not have. */
static bool is_left_out(const option_row *row)
{
    return row->name == NULL;
}

static bool is_operand(const option_row *row)
{
    return !is_left_out(row) && row->name[0] != '-';
}

static bool is_option(const option_row *row)
{
    return !is_left_out(row) && row->name[0] == '-';
}

/* The row of "--name" or "--name=value"; *value gets what follows the '='. */
static const option_row *find_option(const option_table *table, const char *argument, const char **value)
{
    const char *equals = strchr(argument, '=');
    size_t length = equals == NULL ? strlen(argument) : (size_t)(equals - argument);
    *value = equals == NULL ? NULL : equals + 1;
    if (strcmp(argument, "-h") == 0) {
        argument = "--help";
        length = strlen(argument);
    }
    for (size_t i = 0; i < table->count; i++) {
        const option_row *row = &table->rows[i];
        if (is_option(row) && strlen(row->name) == length && memcmp(row->name, argument, length) == 0) {
            return row;
        }
    }
    return NULL;
}

static const option_row *find_operand(const option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        if (is_operand(&table->rows[i])) {
            return &table->rows[i];
        }
    }
    return NULL;
}

static int refuse(const option_table *table, const char *what, const char *argument, const char *why)
{
    return say_failure(table->program, EXIT_USAGE, "%s '%s'%s; try '%s --help'", what, shown(argument).text,
                       why, table->program);
}

static int unknown_option(const option_table *table, const char *argument)
{
    const char *names[OPTIONS_MAX + 1] = { NULL };
    for (size_t i = 0, n = 0; i < table->count && n < OPTIONS_MAX; i++) {
        if (is_option(&table->rows[i])) {
            names[n++] = table->rows[i].name;
        }
    }
    const char *meant = did_you_mean(argument, names);
    if (meant == NULL) {
        return refuse(table, "unknown option", argument, "");
    }
    return say_failure(table->program, EXIT_USAGE, "unknown option '%s'; did you mean '%s'? Try '%s --help'",
                       shown(argument).text, meant, table->program);
}

bool options_add(options *o, size_t row, const char *value)
{
    if (o->count == OPTIONS_MAX) {
        return false;
    }
    o->given[o->count].row = row;
    o->given[o->count].value = value;
    o->count++;
    return true;
}

/* Notes that `row` was given. */
static int add(options *out, const option_row *row, const char *value)
{
    const option_table *table = out->table;
    size_t index = (size_t)(row - table->rows);
    if (row->planned) {
        return say_failure(table->program, EXIT_USAGE, "%s is not built yet in version %s", row->name,
                           CHAOS_VERSION_STRING);
    }
    if (row->limit > 0 && options_value(out, index, row->limit - 1) != NULL) {
        return refuse(table, "given too often:", row->name, "");
    }
    return options_add(out, index, value) ? 0 : refuse(table, "too many arguments at", value, "");
}

/* One option at argv[*at], with its value there or in the next argument. */
static int take_option(options *out, int argc, char **argv, int *at)
{
    const char *value = NULL;
    const option_row *row = find_option(out->table, argv[*at], &value);
    if (row == NULL) {
        return unknown_option(out->table, argv[*at]);
    }
    if (row->argument == NULL) {
        return value == NULL ? add(out, row, "") : refuse(out->table, "option", row->name, " takes no value");
    }
    if (value == NULL && *at + 1 < argc) {
        *at += 1;
        value = argv[*at];
    }
    if (value == NULL || value[0] == '\0') {
        return refuse(out->table, "option", row->name, " needs a value");
    }
    return add(out, row, value);
}

int options_parse(const option_table *table, int argc, char **argv, options *out)
{
    memset(out, 0, sizeof *out);
    out->table = table;
    const option_row *operand = find_operand(table);
    bool only_operands = false;
    for (int i = 1; i < argc; i++) {
        int code = 0;
        if (!only_operands && strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (!only_operands && argv[i][0] == '-' && argv[i][1] != '\0') {
            code = take_option(out, argc, argv, &i);
        } else if (operand == NULL || argv[i][0] == '\0') {
            code = refuse(table, "unexpected argument", argv[i], "");
        } else {
            code = add(out, operand, argv[i]);
        }
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

const char *options_value(const options *o, size_t row, size_t nth)
{
    for (size_t i = 0; i < o->count; i++) {
        if (o->given[i].row == row && nth-- == 0) {
            return o->given[i].value;
        }
    }
    return NULL;
}

static bool write_row(chaos_buffer *out, const option_row *row)
{
    size_t begin = out->size;
    const char *argument = row->argument != NULL && !is_operand(row) ? row->argument : "";
    if (!buffer_append_format(out, "  %s%s%s", row->name, argument[0] != '\0' ? " " : "", argument)) {
        return false;
    }
    size_t used = out->size - begin;
    size_t gap = used < HELP_COLUMN ? HELP_COLUMN - used : 1;
    return buffer_append_format(out, "%*s%s%s\n", (int)gap, "", row->help,
                                row->planned ? " (not built yet)" : "");
}

int options_help(const option_table *table)
{
    CHAOS_AUTO_BUFFER(text, HELP_MAX);
    bool ok = buffer_append_format(&text, "%s\n\n", table->synopsis);
    for (size_t i = 0; ok && i < table->count; i++) {
        ok = is_left_out(&table->rows[i]) || write_row(&text, &table->rows[i]);
    }
    ok = ok && (table->notes == NULL || buffer_append_format(&text, "\n%s\n", table->notes));
    if (!ok) {
        return say_failure(table->program, EXIT_INTERNAL, "out of memory");
    }
    return say_result(table->program, buffer_slice(&text), EXIT_AFFIRMING);
}

int options_version(const char *program)
{
    CHAOS_AUTO_BUFFER(text, HELP_MAX);
    if (!buffer_append_format(&text, "%s %s\n", program, chaos_version())) {
        return say_failure(program, EXIT_INTERNAL, "out of memory");
    }
    return say_result(program, buffer_slice(&text), EXIT_AFFIRMING);
}
