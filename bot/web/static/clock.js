// The clock on the desk: the form begins with the time zone of whoever opens it.
import "./page.js";

const zone = document.querySelector("[data-new] [name=time_zone]");
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
if (zone && timeZone && zone.value === zone.defaultValue) zone.value = timeZone;
