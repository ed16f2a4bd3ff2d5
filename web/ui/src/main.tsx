import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/shell.css";
import { render } from "preact";
import { App } from "./app";
import { every, startClock } from "./clock";
import { followPreferences } from "./preferences";
import { startRouter } from "./router";
import { watchHealth } from "./shell/health";
import { startKeys } from "./shell/keys";
import { range, refresh, refreshMs } from "./time/range";
import { fitToYoungServer } from "./time/young";

followPreferences();
startRouter();
startClock();
startKeys();
watchHealth();
// A window with a fixed end shows the same when it is read again.
every(() => (range.value.endMs === null ? refreshMs.value : null), refresh);
// While narthex cannot be asked, the usual window is as good as any.
fitToYoungServer().catch(() => {});
render(<App />, document.getElementById("app")!);
