// Reads a JSON list of calendar files from stdin with ical.js, and writes the events of each as plain values.
import { readFileSync } from "node:fs";

const ICAL = (await import(process.argv[2])).default;

const instant = (property) => {
  const time = property.getFirstValue();
  if (time.zone !== ICAL.Timezone.utcTimezone) throw new Error(`${property.name} is not in UTC`);
  return time.toICALString();
};

const eventOf = (method, event) => {
  const text = (name) => event.getFirstPropertyValue(name) ?? "";
  return {
    uid: text("uid"),
    summary: text("summary"),
    status: text("status"),
    method,
    sequence: text("sequence"),
    start: instant(event.getFirstProperty("dtstart")),
    end: instant(event.getFirstProperty("dtend")),
    location: text("location"),
    description: text("description"),
    organizer: text("organizer"),
    attendees: event
      .getAllProperties("attendee")
      .map((one) => [one.getFirstValue(), ...["cn", "partstat", "rsvp"].map((name) => one.getFirstParameter(name))]),
  };
};

const read = (text) => {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const method = calendar.getFirstPropertyValue("method");
  return calendar.getAllSubcomponents("vevent").map((event) => eventOf(method, event));
};

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(read)));
