// Package schemas carries the JSON Schemas of what consentry writes, draft 2020-12. It holds no code; see README.md
// beside it for where each comes from. Start with [Files].
package schemas

import "embed"

// Files holds the schemas by their file names.
//
//go:embed *.schema.json
var Files embed.FS
