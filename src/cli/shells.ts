/**
 * The scripts that make shells complete `cco`. Each asks `cco complete` and shows what it answers.
 *
 * @module
 */

const BASH = `# bash completion for cco: add to ~/.bashrc
#   source <(cco completions bash)
_cco() {
  local IFS=$'\\n' line
  COMPREPLY=()
  while IFS= read -r line; do
    line="\${line%%$'\\t'*}"
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      COMPREPLY+=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
    else
      COMPREPLY+=("$line")
    fi
  done < <(command "\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _cco cco
`;

const ZSH = `#compdef cco
# zsh completion for cco: add to ~/.zshrc, after compinit
#   source <(cco completions zsh)
_cco() {
  local line word
  local -a words_only described
  while IFS= read -r line; do
    word="\${line%%$'\\t'*}"
    if [[ $word == :files ]]; then
      _files
    else
      words_only+=("$word")
      described+=("\${line//$'\\t'/  -- }")
    fi
  done < <(command "\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#words_only} )) && compadd -l -d described -a words_only
}
if [ "\${funcstack[1]}" = "_cco" ]; then _cco "$@"; else compdef _cco cco; fi
`;

const FISH = `# fish completion for cco: save as ~/.config/fish/completions/cco.fish
#   cco completions fish > ~/.config/fish/completions/cco.fish
function __cco_complete
    set -l typed (commandline -ct)
    set -l words (commandline -opc)
    for line in (command $words[1] complete -- $words[2..-1] "$typed" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$typed"
        else
            echo $line
        end
    end
end
complete -c cco -f -a '(__cco_complete)'
`;

const POWERSHELL = `# PowerShell completion for cco: add to $PROFILE
#   cco completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName cco -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $elements = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition })
    $program = $elements[0].ToString()
    $words = @($elements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($wordToComplete -eq '') { $words += '""' }
    & $program complete '--' @words 2>$null | ForEach-Object {
        $word, $summary = $_ -split "\`t", 2
        if ($word -ne ':files') {
            if (-not $summary) { $summary = $word }
            [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $summary)
        }
    }
}
`;

/** The script of each shell. */
export const SCRIPTS: ReadonlyMap<string, string> = new Map([
  ["bash", BASH],
  ["zsh", ZSH],
  ["fish", FISH],
  ["powershell", POWERSHELL],
]);

/** The shells that there is a script for. */
export const SHELLS: readonly string[] = [...SCRIPTS.keys()];
