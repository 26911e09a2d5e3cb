/* internal.h - what the files of codec/ share with each other and with nobody else. */
#ifndef CODEC_INTERNAL_H
#define CODEC_INTERNAL_H

#include "codec/codec.h"

/* How many bytes `groups` groups of four characters stand for, by the padding at their end. */
size_t base64_groups_size(const uint8_t *text, size_t groups);
/* Decodes them into out; false if a character is not of the alphabet, or the padding or its spare bits are wrong. */
CHAOS_MUST_USE bool base64_decode_groups(const uint8_t *text, size_t groups, uint8_t *out);
/* 4 characters for every 3 bytes begun. */
void base64_encode_to(chaos_slice bytes, uint8_t *out);

/* Length of the well-formed UTF-8 sequence (RFC 3629) at `p`, 1..4; 0 if there is none in `left` bytes. */
size_t utf8_sequence(const uint8_t *p, size_t left);

/* A string as it stands between its quotes, checked. */
typedef struct json_text {
    chaos_slice raw;
    bool has_escapes;
    bool has_nul; /* \u0000 */
} json_text;
/* The next character is the quote that opens the string; the closing one is consumed. */
json_text json_scan_string(json *j, const char *field);
/* Undoes the escapes of a checked string into at least raw.size bytes; the size of the result. */
size_t json_unescape(const json_text *text, uint8_t *out);

/* Like time_from_civil from the year 1 on. */
CHAOS_MUST_USE bool civil_to_seconds(int year, int month, int day, int hour, int minute, int second,
                                     int64_t *seconds);
/* `count` digits as a number; -1 when one is none. */
int decimal_digits(const uint8_t *text, size_t count);

#endif
