/* ./example quote.bin collateral.json root.der-or-"-" unix-time */
#include <chaoschain/chaoschain.h>
#include <stdio.h>
#include <stdlib.h>

static chaos_slice load(const char *path, uint8_t *bytes) /* what cannot be read is NULL, and nothing is judged */
{
    FILE *file = fopen(path, "rb");
    chaos_slice content = { bytes, file == NULL ? 0 : fread(bytes, 1, CHAOS_MAX_COLLATERAL, file) };
    return file != NULL && fclose(file) == 0 ? content : (chaos_slice){ NULL, 0 };
}

int main(int argc, char **argv)
{
    static uint8_t files[3][CHAOS_MAX_COLLATERAL];
    chaos_slice no_event_log = { NULL, 0 };
    chaos_expectation expect = CHAOS_EXPECTATION_INIT; /* of report data: nothing, and the verdict says so */
    chaos_error err = { .status = CHAOS_E_USAGE };
    chaos_trust *trust = NULL;
    chaos_policy *policy = NULL;
    chaos_verdict *verdict = NULL;
    char *end = argc == 5 ? argv[4] : NULL;
    int64_t now = argc == 5 ? strtoll(argv[4], &end, 10) : 0;
    if (argc != 5 || *end != '\0' || chaos_trust_new(&trust, &err) != CHAOS_OK ||
        (argv[3][0] != '-' && chaos_trust_add_root(trust, load(argv[3], files[0]), &err) != CHAOS_OK) ||
        chaos_policy_default(&policy, &err) != CHAOS_OK ||
        chaos_check_quote(load(argv[1], files[1]), no_event_log, load(argv[2], files[2]), trust, policy, &expect,
                          now, NULL, &verdict, &err) != CHAOS_OK) {
        return fprintf(stderr, "nothing judged: %s\n", chaos_status_name(err.status)), 64;
    }
    puts(chaos_tier_name(chaos_verdict_tier(verdict))); /* AFFIRMING, WARNING, CONTRAINDICATED or NONE */
    int code = chaos_verdict_exit_code(verdict);
    chaos_verdict_free(verdict);
    chaos_policy_free(policy);
    chaos_trust_free(trust);
    return code;
}
