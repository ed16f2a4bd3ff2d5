// The status page: what runs, what it holds, what bounds it, and how it was told to be.

import "./status.css";
import type { ComponentType } from "preact";
import { href, place } from "../../router";
import { isNarthex, server } from "../../shell/health";
import { t } from "../../texts";
import { Configuration } from "./configuration";
import { Flags } from "./flags";
import { Limits } from "./limits";
import { Overview } from "./overview";
import { Storage } from "./storage";

const sections = ["overview", "storage", "limits", "configuration", "flags"] as const;
type Section = (typeof sections)[number];

const views: Record<Section, ComponentType> = {
  overview: Overview,
  storage: Storage,
  limits: Limits,
  configuration: Configuration,
  flags: Flags,
};

export default function StatusPage() {
  const text = t().status;
  const given = place.value.params.get("section");
  const section = sections.find(one => one === given) ?? "overview";
  // A Prometheus has no limits of narthex's kind.
  const offered = sections.filter(one => one !== "limits" || isNarthex() || one === section);
  const View = views[section];
  return (
    <>
      <div class="title">
        <h1>{t().pages.status}</h1>
        <p>
          {server.value !== null &&
            text.sentence(
              server.value.application ?? "Prometheus",
              server.value.applicationVersion ?? server.value.version,
            )}
        </p>
      </div>
      <nav class="tabs sections" aria-label={text.sectionsLabel}>
        {offered.map(one => (
          <a
            key={one}
            href={href("status", { section: one === "overview" ? null : one })}
            aria-current={one === section ? "page" : undefined}
          >
            {text.sections[one]}
          </a>
        ))}
      </nav>
      <div class="section" key={section}>
        <View />
      </div>
    </>
  );
}
