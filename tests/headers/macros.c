/* macros.c - what the public headers define beside functions, used as a caller would, in C11 and in C++11. */
#include <chaoschain/chaoschain.h>

int use_macros(void);
int use_macros(void)
{
    chaos_buffer text = CHAOS_BUFFER_INIT(CHAOS_MAX_VERDICT);
    chaos_expectation expectation = CHAOS_EXPECTATION_INIT;
    chaos_error error = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    size_t limits = (size_t)CHAOS_MAX_EVIDENCE + CHAOS_MAX_EVENT_LOG + CHAOS_MAX_COLLATERAL + CHAOS_MAX_POLICY;

    chaos_buffer_free(&text);
    return text.limit < limits && expectation.size == sizeof(expectation) && error.status == CHAOS_OK &&
           (CHAOS_E_TCB_REVOKED >> 8) == CHAOS_CLASS_TRUST && sizeof(CHAOS_VERSION_STRING) > 1;
}
