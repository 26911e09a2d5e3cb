/* td.h - a simulated TD without a guest agent: what a TDX module and a quoting service give to a guest, under the
 * simulated root. Firmware and boot are in MRTD and RTMR0 to 2; the image has measured one application into RTMR3
 * when it starts, and more can be measured later, as the guest kernel lets one.
 *
 * Linked into tsm-simulator and tests. Thread-safe: one lock per TD. */
#ifndef SIM_TD_H
#define SIM_TD_H

#include "sim/sim.h"

#define TD_REGISTER_SIZE 48
#define TD_REGISTERS 4
#define TD_REPORT_DATA_BYTES 64

typedef struct td td;

typedef struct td_options {
    const char *seed;        /* the machine's keys derive from it; NULL: from the system's randomness */
    int64_t now;             /* 0: the clock, when the TD is made */
    chaos_slice application; /* RTMR3 is extended by its SHA-384; empty: one of the simulator's own */
} td_options;

CHAOS_MUST_USE chaos_status td_new(const td_options *options, td **made, chaos_error *err);
void td_free(td *t);

/* A quote (version 4) over these report data. */
CHAOS_MUST_USE bool td_quote(td *t, const uint8_t report_data[TD_REPORT_DATA_BYTES], chaos_buffer *quote);
/* MRTD, and RTMR `index` (0 to 3) as it is now. */
void td_read_mr_td(td *t, uint8_t out[TD_REGISTER_SIZE]);
void td_read_rtmr(td *t, unsigned index, uint8_t out[TD_REGISTER_SIZE]);
/* RTMR = SHA-384(RTMR ‖ digest). */
void td_extend(td *t, unsigned index, const uint8_t digest[TD_REGISTER_SIZE]);

/* What a relying party holds: trust-root.der, collateral.json, policy.json. The policy pins MRTD and RTMR0 to 3 as
 * they were when the TD was made. False: no such index. Lent for as long as the TD lives. */
CHAOS_MUST_USE bool td_file(const td *t, size_t index, const char **name, chaos_slice *bytes);

#endif
