/**
 * The workflow that a new release folder starts with.
 *
 * @module
 */

/**
 * A GitHub workflow that renews the manifest every week. It fetches the `cco` that two variables of the repository name,
 * runs it only when the digest fits, and keeps the key in the environment of one step.
 *
 * @returns YAML.
 */
export function refreshWorkflow(): string {
  return `# Gives the manifest a new expiry, so that clients can tell a quiet publisher from a cut cable.
#
# Set in the settings of this repository:
#   the variable CCO_ARCHIVE        the https address of a cco-v<version>-linux-x86_64.tar.gz
#   the variable CCO_SHA256         its digest, from the checksums.sha256 beside it
#   the secret CCO_RELEASE_KEY      the text of the secret key for manifests, one without a password;
#                                   in the environment "release", so that no other job can read it
name: refresh
on:
  schedule:
    - cron: "17 4 * * 1"
  workflow_dispatch:
permissions:
  contents: write
concurrency: manifest
jobs:
  refresh:
    runs-on: ubuntu-latest
    environment: release
    steps:
      - uses: actions/checkout@v4
      - name: Get cco
        env:
          CCO_ARCHIVE: \${{ vars.CCO_ARCHIVE }}
          CCO_SHA256: \${{ vars.CCO_SHA256 }}
        run: |
          if [ -z "$CCO_ARCHIVE" ] || [ -z "$CCO_SHA256" ]; then
            echo "::error::Set the variables CCO_ARCHIVE and CCO_SHA256 of this repository"
            exit 1
          fi
          cd "$RUNNER_TEMP"
          curl --fail --silent --show-error --location --proto =https --output cco.tar.gz "$CCO_ARCHIVE"
          echo "$CCO_SHA256  cco.tar.gz" | sha256sum --check
          tar -xzf cco.tar.gz cco
          rm cco.tar.gz
          echo "$RUNNER_TEMP" >> "$GITHUB_PATH"
      - name: Refresh
        env:
          CCO_RELEASE_KEY: \${{ secrets.CCO_RELEASE_KEY }}
        run: cco release refresh --key-env CCO_RELEASE_KEY
      - name: Publish
        run: |
          git config user.name "release"
          git config user.email "release@users.noreply.github.com"
          git commit --all --message "Refresh the manifest"
          git push
`;
}
