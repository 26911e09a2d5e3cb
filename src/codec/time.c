/* time.c - RFC 3339 in UTC and civil dates of the Gregorian calendar. */
#include "codec/internal.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    FIRST_YEAR = 1970,
    LAST_YEAR = 9999,
    DAY_SECONDS = 86400,
    DAYS_OF_400_YEARS = 146097,
    DAYS_TO_1970 = 719162 /* from 0001-01-01 */
};
#define TIME_LAST INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/* Days before each month of a common year; the last entry is the year's length. */
static const int16_t days_before[13] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };

static int is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Of the year from its first day; month 1..13. */
static int days_to_month(int year, int month)
{
    return days_before[month - 1] + (month > 2 ? is_leap(year) : 0);
}

/* From 0001-01-01 to the first day of the year. */
static int32_t days_to_year(int year)
{
    int32_t past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400;
}

bool civil_to_seconds(int year, int month, int day, int hour, int minute, int second, int64_t *seconds)
{
    if (year < 1 || year > LAST_YEAR || month < 1 || month > 12 || day < 1) {
        return false;
    }
    if (day > days_to_month(year, month + 1) - days_to_month(year, month)) {
        return false;
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
        return false;
    }
    int64_t days = days_to_year(year) + days_to_month(year, month) + day - 1 - DAYS_TO_1970;
    *seconds = days * DAY_SECONDS + hour * 3600 + minute * 60 + second;
    return true;
}

bool time_from_civil(int year, int month, int day, int hour, int minute, int second, int64_t *seconds)
{
    return year >= FIRST_YEAR && civil_to_seconds(year, month, day, hour, minute, second, seconds);
}

int decimal_digits(const uint8_t *text, size_t count)
{
    int number = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

bool time_parse(chaos_slice text, int64_t *seconds)
{
    static const char shape[] = "0000-00-00T00:00:00Z"; /* 0: any digit */
    if (text.size != sizeof shape - 1) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (shape[i] != '0' && text.data[i] != (uint8_t)shape[i]) {
            return false;
        }
    }
    const uint8_t *t = text.data;
    return time_from_civil(decimal_digits(t, 4), decimal_digits(t + 5, 2), decimal_digits(t + 8, 2),
                           decimal_digits(t + 11, 2), decimal_digits(t + 14, 2), decimal_digits(t + 17, 2),
                           seconds);
}

const char *time_format(int64_t seconds, char text[TIME_TEXT_SIZE])
{
    if (seconds < 0 || seconds > TIME_LAST) {
        (void)snprintf(text, TIME_TEXT_SIZE, "%" PRId64, seconds);
        return text;
    }
    int32_t days = (int32_t)(seconds / DAY_SECONDS) + DAYS_TO_1970;
    int32_t left = (int32_t)(seconds % DAY_SECONDS);
    int year = (int)((int64_t)days * 400 / DAYS_OF_400_YEARS) + 1; /* or one beside it */
    while (days_to_year(year) > days) {
        year--;
    }
    while (days_to_year(year + 1) <= days) {
        year++;
    }
    int day = days - days_to_year(year);
    int month = 1;
    while (days_to_month(year, month + 1) <= day) {
        month++;
    }
    day -= days_to_month(year, month);
    (void)snprintf(text, TIME_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year % 10000u,
                   (unsigned)month % 100u, (unsigned)(day + 1) % 100u, (unsigned)(left / 3600) % 100u,
                   (unsigned)(left / 60 % 60) % 100u, (unsigned)(left % 60) % 100u);
    return text;
}
