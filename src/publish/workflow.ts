/**
 * The workflow that a new release folder starts with.
 *
 * @module
 */

/**
 * A GitHub workflow that renews the manifest every week and keeps the key in the environment of one step.
 *
 * @returns YAML.
 */
export function refreshWorkflow(): string {
  return `# Gives the manifest a new expiry, so that clients can tell a quiet publisher from a cut cable.
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
