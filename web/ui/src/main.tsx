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

followPreferences();
startRouter();
startClock();
startKeys();
watchHealth();
// A window with a fixed end shows the same when it is read again.
every(() => (range.value.endMs === null ? refreshMs.value : null), refresh);
render(<App />, document.getElementById("app")!);
