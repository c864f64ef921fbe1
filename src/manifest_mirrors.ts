/**
 * Sources that hold the same manifest hold the same files.
 *
 * @module
 */

import type { Asset, Manifest, Release } from "./manifest.ts";

/**
 * Adds the addresses that the same manifest has at other places. A relative address means another file at each place: a
 * first source that has the manifest and not the archive must not keep an update from who has both (T8). Which bytes are
 * accepted from there does not change: the signed digests decide.
 *
 * @param manifest The one that counts.
 * @param others The same one, byte for byte, from other sources.
 * @returns The manifest with all addresses, its own first.
 */
export function withMirrors(manifest: Manifest, others: readonly Manifest[]): Manifest {
  if (others.length === 0 || manifest.source.startsWith("file:")) return manifest;
  const versions = [...manifest.versions].map(([version, release]) => {
    const same = others.flatMap((each) => each.versions.get(version) ?? []);
    return [version, releaseWith(release, same)] as const;
  });
  return Object.freeze({ ...manifest, versions: new Map(versions) });
}

function releaseWith(release: Release, others: readonly Release[]): Release {
  const assets = [...release.assets].map(([target, asset]) => {
    const same = others.flatMap((each) => each.assets.get(target) ?? []);
    return [target, assetWith(asset, same)] as const;
  });
  return { ...release, assets: new Map(assets) };
}

/** A folder on this machine is no mirror of a server: only a manifest from there may name files there. */
function assetWith(asset: Asset, others: readonly Asset[]): Asset {
  const urls = others.flatMap((each) => each.urls).filter((url) => !url.startsWith("file:"));
  return { ...asset, urls: [...new Set([...asset.urls, ...urls])] };
}
