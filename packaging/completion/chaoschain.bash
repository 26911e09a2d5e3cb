# bash completion for chaoschain, chaoschain-verify, chaoschain-forge, chaoschain-endpoint and genesis-studio. Verbs and
# options are asked of the programs themselves, so this file does not age.

_chaoschain_options() {
    "$@" --help 2>/dev/null | sed -n 's/^  \(--[a-z0-9-]*\).*/\1/p'
}

_chaoschain_verbs() {
    "$@" --help 2>/dev/null | sed -n 's/^  \([a-z-]*\)  .*/\1/p'
}

_chaoschain_files() {
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_chaoschain() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local -a program=("${COMP_WORDS[0]}")
    COMPREPLY=()
    if [ "${program[0]##*/}" = chaoschain ]; then
        if [ "$COMP_CWORD" -eq 1 ]; then
            mapfile -t COMPREPLY < <(compgen -W "$(_chaoschain_verbs "${program[0]}") help --help --version" -- "$current")
            return
        fi
        if [ "${COMP_WORDS[1]}" = help ]; then
            mapfile -t COMPREPLY < <(compgen -W "$(_chaoschain_verbs "${program[0]}")" -- "$current")
            return
        fi
        program+=("${COMP_WORDS[1]}")
        case ${COMP_WORDS[1]} in
            agent | validation | feedback | receipts | chain | account | provider)
                if [ "$COMP_CWORD" -eq 2 ]; then
                    mapfile -t COMPREPLY < <(compgen -W "$(_chaoschain_verbs "${program[@]}") --help" -- "$current")
                    return
                fi
                program+=("${COMP_WORDS[2]}")
                ;;
            collateral)
                if [ "$COMP_CWORD" -eq 2 ]; then
                    mapfile -t COMPREPLY < <(compgen -W "show verify fetch --help" -- "$current")
                    return
                fi
                [ "${COMP_WORDS[2]}" != fetch ] || program+=(fetch)
                ;;
        esac
    fi
    case $previous in
        --policy) mapfile -t COMPREPLY < <(compgen -W "default none" -f -- "$current") ;;
        --at | --expect-*) ;;
        --agents) mapfile -t COMPREPLY < <(compgen -W "all alice bob charlie" -- "$current") ;;
        --tee-provider) mapfile -t COMPREPLY < <(compgen -W "phala-dstack intel-tdx simulated auto none" -- "$current") ;;
        --break)
            mapfile -t COMPREPLY < <(compgen -W "$("${program[@]}" --break list 2>/dev/null | sed 's/ .*//')" -- "$current")
            ;;
        --ca) mapfile -t COMPREPLY < <(compgen -W "platform processor" -- "$current") ;;
        --tee) mapfile -t COMPREPLY < <(compgen -W "tdx sgx" -- "$current") ;;
        --update) mapfile -t COMPREPLY < <(compgen -W "standard early" -- "$current") ;;
        policy) mapfile -t COMPREPLY < <(compgen -W "check" -- "$current") ;;
        *)
            if [[ $current == -* ]]; then
                mapfile -t COMPREPLY < <(compgen -W "$(_chaoschain_options "${program[@]}")" -- "$current")
            else
                _chaoschain_files "$current"
            fi
            ;;
    esac
}

complete -F _chaoschain chaoschain chaoschain-verify chaoschain-forge chaoschain-endpoint genesis-studio tsm-simulator
