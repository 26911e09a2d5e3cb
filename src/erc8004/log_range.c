/* log_range.c - how many blocks are asked for at once. Providers refuse by number of blocks, of results, by bytes
 * and by time, and say so in words of their own; some name a range that they would take. */
#include "erc8004/log_reader.h"

enum {
    GROW_AFTER = 10
};

log_range log_range_begin(uint32_t first)
{
    log_range range = { .size = first == 0 ? LOG_RANGE_FIRST : first };
    return range;
}

void log_range_succeed(log_range *range)
{
    if (++range->successes < GROW_AFTER) {
        return;
    }
    uint64_t larger = range->size + (range->size + 1) / 2;
    range->successes = 0;
    range->size = larger > LOG_RANGE_MOST && range->size <= LOG_RANGE_MOST ? LOG_RANGE_MOST : larger;
    range->size = range->size > LOG_RANGE_MOST ? LOG_RANGE_MOST : range->size;
}

/* "0x" and 1 to 16 hex digits at *place, which moves behind them. */
static bool take_quantity(chaos_slice text, size_t *place, uint64_t *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t at = *place, begin;
    uint64_t number = 0;
    if (text.size - at < 3 || text.data[at] != '0' || (text.data[at + 1] | 0x20) != 'x') {
        return false;
    }
    begin = at += 2;
    for (; at < text.size && at - begin < 16; at++) {
        const char *digit = strchr(digits, text.data[at] >= 'A' && text.data[at] <= 'F' ? text.data[at] + 32
                                                                                        : text.data[at]);
        if (digit == NULL || *digit == '\0') {
            break;
        }
        number = number << 4 | (uint64_t)(digit - digits);
    }
    *place = at;
    *out = number;
    return at > begin;
}

/* "[0x10, 0x1f]" somewhere in the text. */
static bool find_suggestion(chaos_slice text, uint64_t *first, uint64_t *last)
{
    for (size_t i = 0; i < text.size; i++) {
        size_t place = i + 1;
        if (text.data[i] != '[' || !take_quantity(text, &place, first)) {
            continue;
        }
        while (place < text.size && (text.data[place] == ',' || text.data[place] == ' ')) {
            place++;
        }
        if (place < text.size && take_quantity(text, &place, last) && place < text.size && text.data[place] == ']') {
            return true;
        }
    }
    return false;
}

bool log_range_fail(log_range *range, uint64_t from, uint64_t asked, chaos_slice text)
{
    uint64_t first = 0, last = 0;
    range->successes = 0;
    if (asked <= 1) {
        return false;
    }
    range->size = asked / 2;
    if (find_suggestion(text, &first, &last) && first == from && last >= first && last - first < asked - 1) {
        range->size = last - first + 1;
    }
    return true;
}
