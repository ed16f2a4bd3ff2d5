// The thin line over something that is being read, and its words for those who hear the page.

import { t } from "../texts";

export function Progress({ on }: { on: boolean }) {
  if (!on) return null;
  return (
    <div class="progress">
      <span class="unseen" role="status">
        {t().loading}
      </span>
    </div>
  );
}
