package scorecard

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// What a case is asked with decides what its answer means: where a name is slipped, or a file is not there, a case that
// expects a refusal would hold for the wrong reason.

// readsOf are the members that a case of a kind is asked with, and remarks the ones that no kind reads.
var (
	readsOf = map[Kind][]string{
		Provenance: {"asset", "manifest", "fragments", "inputs"},
		EndToEnd:   {"asset", "args"},
		Marks:      {"asset"},
		Persons:    {"asset", "truth", "declarations", "tolerance"},
	}
	remarks = []string{
		"id", "stage", "expect", "about", "because", "basis", "bytes", "clause", "made", "restsOn", "seen", "sha256", "source", "sources", "tags", "threat",
	}
	inputMembers = []string{"trust", "tsaTrust", "cawgTrust", "allowed", "cawgAllowed", "eku", "time"}
)

// readInputs notes the members of a case that it is not asked with. Below inputs each is a slip; beside them it may be
// a remark, and is told.
func (c *Case) readInputs(raw map[string]json.RawMessage) {
	reads, known := readsOf[c.kind]
	if !known {
		return
	}
	c.passOver(raw, reads)
	var inputs map[string]json.RawMessage
	if c.kind == Provenance && json.Unmarshal(raw["inputs"], &inputs) == nil {
		for name := range inputs {
			if !slices.Contains(inputMembers, name) {
				c.slips = append(c.slips, "inputs."+name)
			}
		}
	}
	slices.Sort(c.slips)
}

// passOver notes the members that are neither read nor a remark.
func (c *Case) passOver(raw map[string]json.RawMessage, reads []string) {
	for name := range raw {
		if !slices.Contains(reads, name) && !slices.Contains(remarks, name) {
			c.notJudged = append(c.notJudged, name)
		}
	}
	slices.Sort(c.notJudged)
}

// pathFlags are the flags of verify whose value is a file or a folder that is read.
var pathFlags = []string{
	"policy", "trust", "tsa-trust", "cawg-trust", "allowed", "cawg-allowed", "did", "consent-trust",
	"consent-registry", "consent-status", "consent-tokens", "manifest", "fragment", "set",
}

// lacking says which files of a case are not there, and a time that is none.
func (s *Set) lacking(c *Case) (why []string) {
	need := func(what, name, path string) {
		if !exists(path) {
			why = append(why, fmt.Sprintf("%s: %q is not there", what, name))
		}
	}
	own := func(what, name string) {
		if name != "" {
			need(what, name, s.path(name))
		}
	}
	own("asset", c.Asset)
	own("manifest", c.Manifest)
	for _, f := range c.Fragments {
		own("fragments", f)
	}
	for _, d := range c.Declarations {
		own("declarations", d.File)
	}
	files := map[string][]string{
		"trust": c.Inputs.Trust, "tsaTrust": c.Inputs.TSATrust, "cawgTrust": c.Inputs.CAWGTrust, "allowed": c.Inputs.Allowed, "cawgAllowed": c.Inputs.CAWGAllowed,
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for _, f := range files[name] {
			need("inputs."+name, f, s.find(f))
		}
	}
	if t := c.Inputs.Time; t != "" && !isTime(t) {
		why = append(why, fmt.Sprintf("inputs.time: %q is no time of RFC 3339, and no day", t))
	}
	return append(why, s.lackingOfLine(c)...)
}

func isTime(s string) bool {
	_, err := time.Parse(time.RFC3339, s)
	if err != nil {
		_, err = time.Parse(time.DateOnly, s)
	}
	return err == nil
}

// lackingOfLine says which files of a case's command line are not there. A pattern may match none.
func (s *Set) lackingOfLine(c *Case) (why []string) {
	line, err := parseArgs(c.Args)
	if err != nil {
		return nil // it is not asked, and says why
	}
	need := func(what, name string) {
		if !strings.ContainsAny(name, "*?[") && !exists(s.path(name)) {
			why = append(why, fmt.Sprintf("%s: %q is not there", what, name))
		}
	}
	for i := 0; i+1 < len(line.flags); i++ {
		if flag, ok := strings.CutPrefix(line.flags[i], "--"); ok && slices.Contains(pathFlags, flag) {
			i++
			need(flag, line.flags[i])
		}
	}
	for _, f := range line.files {
		need("args", f)
	}
	return why
}

// path is where a file of a case lies: paths start at the set's folder.
func (s *Set) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.Folder, filepath.FromSlash(name))
}
