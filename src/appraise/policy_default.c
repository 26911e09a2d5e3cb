/* policy_default.c - the default policy, byte for byte data/policies/default.json: a test compares the two, so
 * that the hash in a verdict is the hash of a file that everybody can read. */
#include "appraise/internal.h"

const char default_policy_text[] =
    "{\n"
    "  \"$comment\": \"What chaoschain does when it is given no policy. docs/policy.md explains every key.\",\n"
    "  \"schema\": \"chaoschain/policy/1\",\n"
    "  \"anchors\": [\"vendor\", \"custom\"],\n"
    "  \"simulated_chains\": [31337],\n"
    "  \"tcb\": {\n"
    "    \"affirming\": [\"UpToDate\"],\n"
    "    \"warning\": [\n"
    "      \"SWHardeningNeeded\",\n"
    "      \"ConfigurationNeeded\",\n"
    "      \"ConfigurationAndSWHardeningNeeded\",\n"
    "      \"TDRelaunchAdvised\",\n"
    "      \"TDRelaunchAdvisedConfigurationNeeded\"\n"
    "    ],\n"
    "    \"accept_advisories\": \"any\",\n"
    "    \"min_evaluation_number\": 0,\n"
    "    \"collateral_grace_s\": 0,\n"
    "    \"platform_grace_s\": 0\n"
    "  },\n"
    "  \"tdx\": {\"allow_debug\": false},\n"
    "  \"sgx\": {\"allow_debug\": false},\n"
    "  \"platform\": {\"fmspc\": \"any\", \"ppid\": \"any\"}\n"
    "}\n";
