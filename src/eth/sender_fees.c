/* sender_fees.c - what to pay, and how much more for a second attempt. */
#include "eth/sender.h"

static chaos_status too_dear(uint64_t needed, uint64_t max_fee, chaos_error *err)
{
    (void)error_set(err, CHAOS_E_FEE_LIMIT, "max_fee", CHAOS_NO_OFFSET, NULL);
    error_expected(err, "at most %llu wei per gas", (unsigned long long)max_fee);
    error_found(err, "%llu wei per gas", (unsigned long long)needed);
    return CHAOS_E_FEE_LIMIT;
}

chaos_status sender_limit(uint64_t max_fee, rpc_fees *fees, chaos_error *err)
{
    uint64_t needed = fees->legacy ? fees->base : fees->base + fees->tip; /* each below 2^63 */
    if (needed > max_fee) {
        return too_dear(needed, max_fee, err);
    }
    fees->cap = fees->cap < max_fee ? fees->cap : max_fee;
    fees->tip = fees->tip < fees->cap ? fees->tip : fees->cap;
    return CHAOS_OK;
}

chaos_status sender_fees(const chaos_sender *sender, rpc_fees *fees, chaos_error *err)
{
    rpc_fees asked;
    CHAOS_TRY(rpc_ask_fees(sender->rpc, sender->min_tip, &asked, err));
    CHAOS_TRY(sender_limit(sender->max_fee, &asked, err));
    *fees = asked;
    return CHAOS_OK;
}

/* Nodes want a tenth; an eighth, and one wei for what the division lost, satisfies all of them. */
static uint64_t raised(uint64_t fee)
{
    return fee + fee / 8 + 1;
}

chaos_status sender_raise(uint64_t old_cap, uint64_t old_tip, uint64_t max_fee, rpc_fees *fees, chaos_error *err)
{
    uint64_t least_cap = raised(old_cap);
    uint64_t least_tip = raised(old_tip);
    if (least_cap > max_fee) {
        return too_dear(least_cap, max_fee, err);
    }
    rpc_fees made = *fees;
    made.cap = made.cap > least_cap ? made.cap : least_cap;
    made.tip = made.tip > least_tip ? made.tip : least_tip;
    made.cap = made.cap > made.tip ? made.cap : made.tip;
    CHAOS_TRY(sender_limit(max_fee, &made, err));
    *fees = made;
    return CHAOS_OK;
}
