// What people call the parts of a drawing.

export const PART_NAMES = {
  symbols: "Symbols", lines: "Lines", words: "Lettering", connections: "Connections", tables: "Tables",
  fields: "Title block", findings: "Findings",
};
