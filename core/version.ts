/** What this program calls itself. @module */

export const VERSION = "0.1.0";
