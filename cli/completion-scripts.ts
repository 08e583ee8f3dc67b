export const completedShells = ['bash', 'zsh', 'fish'] as const;
export type CompletedShell = (typeof completedShells)[number];

/** Asks the program itself, so that the script need not be made anew when a command or a device is added. */
const ask = 'audit-sidecar --get-yargs-completions';

const bash = `# audit-sidecar completion for bash; in ~/.bashrc: source <(audit-sidecar completion bash)
_audit_sidecar() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line
  COMPREPLY=()
  # Behind the equals sign of an option of a device stands a value, most likely a file.
  [[ $current == "=" || \${COMP_WORDS[COMP_CWORD-1]} == "=" ]] && return
  while IFS= read -r line; do
    [[ -n $line && $line == "$current"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
  done < <(${ask} "\${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace
  return 0
}
complete -o bashdefault -o default -F _audit_sidecar audit-sidecar
`;

const zsh = `#compdef audit-sidecar
# audit-sidecar completion for zsh; in ~/.zshrc behind compinit: source <(audit-sidecar completion zsh)
_audit_sidecar() {
  local -a found options
  found=("\${(@f)$(${ask} "\${(@)words[1,CURRENT]}" 2>/dev/null)}")
  found=("\${(@)found:#}")
  options=("\${(@M)found:#*=}")
  found=("\${(@)found:#*=}")
  if (( $#found + $#options == 0 )); then
    _files
    return
  fi
  (( $#options )) && compadd -S '' -a options
  (( $#found )) && compadd -a found
}
if [[ "\${zsh_eval_context[-1]}" == loadautofunc ]]; then
  _audit_sidecar "$@"
else
  compdef _audit_sidecar audit-sidecar
fi
`;

const fish = `# audit-sidecar completion for fish: audit-sidecar completion fish > ~/.config/fish/completions/audit-sidecar.fish
function __audit_sidecar_words
  set -l typed (commandline -opc)
  set -l current (commandline -ct)
  ${ask} $typed "$current" 2>/dev/null
end
complete -c audit-sidecar -f -n 'count (__audit_sidecar_words) >/dev/null' -a '(__audit_sidecar_words)'
complete -c audit-sidecar -F -n 'not count (__audit_sidecar_words) >/dev/null'
`;

/** By the shell that reads them. */
export const completionScripts: Readonly<Record<CompletedShell, string>> = { bash, zsh, fish };
