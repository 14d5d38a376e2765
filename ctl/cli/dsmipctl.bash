# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for dsmipctl(8)
# shellcheck shell=bash

# Values of one key in the JSON output of a command; nothing if it fails.
_dsmipctl_values() {
	local key=$1
	shift
	dsmipctl "$@" --json 2>/dev/null | grep -o "\"$key\":\"[^\"]*\"" | cut -d'"' -f4 | sort -u
}

_dsmipctl() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local word words=() candidates=''
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--socket) ((i++)) ;;
		-*) ;;
		*) words+=("$word") ;;
		esac
	done

	COMPREPLY=()
	case $previous in
	--socket)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--dev)
		candidates=$(_dsmipctl_values dev device show)
		mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$current")
		return
		;;
	esac

	case $previous in
	--to | --rate | --grace) return ;;
	--state)
		candidates='nat direct udp udp-tlv udp-tlv-draft forced-udp draft mcoa home heard silent'
		mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$current")
		return
		;;
	esac

	case "${words[*]}" in
	'') candidates='status explain reload drain device binding prefix flow home-agent monitor counters' ;;
	drain) candidates='--to --rate --grace --stop' ;;
	device) candidates='show' ;;
	binding) candidates='show del' ;;
	prefix | flow | home-agent) candidates='show' ;;
	'device show') candidates=$(_dsmipctl_values dev device show) ;;
	counters) candidates="--all $(_dsmipctl_values dev device show)" ;;
	explain) candidates=$(_dsmipctl_values home_address binding show) ;;
	'binding show') candidates="--dev --prefix --bid --state $(_dsmipctl_values home_address binding show)" ;;
	'prefix show') candidates='--dev' ;;
	'flow show') candidates="--dev $(_dsmipctl_values home_address flow show)" ;;
	'binding del') candidates=$(_dsmipctl_values home_address binding show) ;;
	'binding del '*' bid') ;;
	'binding del '*) [[ ${#words[@]} -eq 3 ]] && candidates='bid' ;;
	esac
	# Addresses contain colons, at which readline would cut them.
	mapfile -t COMPREPLY < <(compgen -W "$candidates --json --socket --help --version" -- "$current")
	declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$current"
}
complete -F _dsmipctl dsmipctl
