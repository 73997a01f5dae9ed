package scorecard

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// caseFlags are the flags of verify that a case's command line may have; true: those with a value. The others write
// files (-o), ask the network (--fetch), or choose what runs on this machine.
var caseFlags = map[string]bool{
	"profile": true, "policy": true, "trust-list": true, "what-if": true, "trust": true, "tsa-trust": true, "cawg-trust": true,
	"allowed": true, "cawg-allowed": true, "did": true, "eku": true, "consent-trust": true, "consent-steward": true,
	"consent-registry": true, "consent-status": true, "consent-tokens": true, "at": true, "manifest": true,
	"manifest-label": true, "fragment": true, "set": true, "format": true, "frames": true, "watermark": true,
	"persons": true, "fingerprints": true, "timeout": true,
	"no-state": false, "thorough": false, "boxes": false, "strict": false,
}

// caseForms are the forms of an answer that a case may ask for.
var caseForms = []string{"text", "json", "crjson", "ndjson"}

// commandLine is a case's command line of verify, taken apart.
type commandLine struct {
	format       string
	flags, files []string
}

// parseArgs takes the arguments of a case apart as the program does. The error says what a case may not ask for.
func parseArgs(args []string) (*commandLine, error) {
	line := &commandLine{format: "json"}
	if len(args) > 0 && args[0] == "verify" {
		args = args[1:]
	}
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--":
			line.files = append(line.files, args[i+1:]...)
			return line, nil
		case a == "-":
			return nil, errors.New("the case was not asked: it may not read standard input")
		case !strings.HasPrefix(a, "-"):
			line.files = append(line.files, a)
			continue
		}
		name, value, joined := strings.Cut(strings.TrimLeft(a, "-"), "=")
		valued, known := caseFlags[name]
		switch {
		case !known:
			return nil, fmt.Errorf("the case was not asked: it may not have the flag %s", a)
		case !valued && joined:
			return nil, fmt.Errorf("the case was not asked: its flag --%s takes no value", name)
		case !valued:
			if name != "no-state" { // it is always given
				line.flags = append(line.flags, "--"+name)
			}
			continue
		case !joined:
			if i++; i == len(args) {
				return nil, fmt.Errorf("the case's --%s has no value", name)
			}
			value = args[i]
		}
		if name != "format" {
			line.flags = append(line.flags, "--"+name, value)
			continue
		}
		if line.format = value; !slices.Contains(caseForms, value) {
			return nil, fmt.Errorf("the case was not asked: there is no form %q", value)
		}
	}
	return line, nil
}

// in gives the arguments that ask for a form. Nothing that a run sees is kept for the next.
func (l *commandLine) in(format string) []string {
	args := append([]string{"verify", "--no-state", "--format", format}, l.flags...)
	return append(append(args, "--"), l.files...)
}
