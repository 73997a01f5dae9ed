package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// readEquivalents reads a list of changes that nothing can notice:
//
//	# A comment.
//	rows.go subject "opened != nil" is always so
//	rows.go subject "opened != nil" is always so #2
//		The reason, for all the lines right above it; it may go on in further lines.
//
// A line names file, function and change; #2 is the second of that name in the file. Each needs a reason.
func readEquivalents(text []byte) (map[string]bool, error) {
	out := map[string]bool{}
	open, reason := 0, false // lines above that have no reason yet; the line before was one
	n := 0
	for line := range bytes.Lines(text) {
		n++
		s := strings.TrimRight(string(line), "\r\n")
		switch {
		case strings.TrimSpace(s) == "" || strings.HasPrefix(s, "#"):
			if open > 0 {
				return nil, fmt.Errorf("line %d: the lines above have no reason", n)
			}
			reason = false
		case strings.HasPrefix(s, "\t"):
			if open == 0 && !reason {
				return nil, fmt.Errorf("line %d: a reason for nothing", n)
			}
			open, reason = 0, true
		case out[s]:
			return nil, fmt.Errorf("line %d: %s: is listed twice", n, s)
		default:
			out[s] = true
			open++
			reason = false
		}
	}
	if open > 0 {
		return nil, fmt.Errorf("line %d: the lines above have no reason", n)
	}
	return out, nil
}

// stale is an error where a list names changes that the code does not have; files are those looked at, none: all.
func stale(list map[string]bool, mutants []mutant, files []string) error {
	there := map[string]bool{}
	for _, m := range mutants {
		there[m.name] = true
	}
	var gone []string
	for name := range list {
		file, _, _ := strings.Cut(name, " ")
		if !there[name] && (len(files) == 0 || slices.Contains(files, filepath.Base(file))) {
			gone = append(gone, name)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	slices.Sort(gone)
	return fmt.Errorf("the code has no such change:\n%s", strings.Join(gone, "\n"))
}
