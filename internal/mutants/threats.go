package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// threatTest is the test that has one subtest a threat.
const threatTest = "TestThreats"

// threat is a named test, and the checks each of which beats what it does.
type threat struct {
	name   string
	checks []check
}

// check is the name of a mutant, and that of another which is alive beside it; empty: none.
type check struct{ one, too string }

// readThreats reads a list of tests, each with the changes that it must notice:
//
//	# A comment.
//	clearance-moved-to-another-file
//		binding.go asset "have != a.Hash" is never so
//	alg-none
//		read.go verifyToken "!allowed" is never so
//			read.go verifyToken "!key.fits(t.Alg)" is never so
//
// A test stands once, and with one change at least. Two that stand for one another are taken out together: the second
// stands below the first, a step further in.
func readThreats(text []byte) ([]threat, error) {
	var out []threat
	n := 0
	for line := range bytes.Lines(text) {
		n++
		s := strings.TrimRight(string(line), "\r\n")
		switch {
		case strings.TrimSpace(s) == "" || strings.HasPrefix(s, "#"):
		case strings.HasPrefix(s, "\t") && len(out) == 0:
			return nil, fmt.Errorf("line %d: a check of no threat", n)
		case strings.HasPrefix(s, "\t\t"):
			checks := out[len(out)-1].checks
			if len(checks) == 0 || checks[len(checks)-1].too != "" {
				return nil, fmt.Errorf("line %d: not beside one other check", n)
			}
			checks[len(checks)-1].too = strings.TrimSpace(s)
		case strings.HasPrefix(s, "\t"):
			last := &out[len(out)-1]
			last.checks = append(last.checks, check{one: strings.TrimSpace(s)})
		case slices.ContainsFunc(out, func(t threat) bool { return t.name == s }):
			return nil, fmt.Errorf("line %d: %s: is listed twice", n, s)
		default:
			out = append(out, threat{name: s})
		}
	}
	for _, t := range out {
		if len(t.checks) == 0 {
			return nil, fmt.Errorf("%s: has no check", t.name)
		}
	}
	return out, nil
}

// prove takes out the checks of the threats, one at a time: the threat's own test must fail. It is an error if one does
// not, if a test is not on the list, or if the list names one that there is not.
func prove(list []threat, mutants []mutant, b *binary, w io.Writer) error {
	ids := map[string]int{}
	for _, m := range mutants {
		ids[m.name] = m.id
	}
	there, err := b.subtests(threatTest)
	if err != nil {
		return err
	}
	var wrong []string
	checks := 0
	for _, t := range list {
		if !there[t.name] {
			wrong = append(wrong, t.name+": there is no such test")
			continue
		}
		delete(there, t.name)
		for _, c := range t.checks {
			checks++
			alive, err := c.alive(ids)
			if err != nil {
				wrong = append(wrong, fmt.Sprintf("%s: %v", t.name, err))
				continue
			}
			if _, passed := b.subtest(threatTest, t.name, alive); passed {
				wrong = append(wrong, t.name+": passes all the same: "+c.one)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		wrong = append(wrong, name+": is not on the list")
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s", strings.Join(wrong, "\n"))
	}
	fmt.Fprintf(w, "%d threats, %d checks: the threat's own test fails without any one of them\n", len(list), checks)
	return nil
}

// alive is what the environment says for the check to be out.
func (c check) alive(ids map[string]int) (string, error) {
	var out []string
	for _, name := range []string{c.one, c.too} {
		if name == "" {
			continue
		}
		id, known := ids[name]
		if !known {
			return "", fmt.Errorf("the code has no such change: %s", name)
		}
		out = append(out, strconv.Itoa(id))
	}
	return strings.Join(out, ","), nil
}

var passedSubtest = regexp.MustCompile(`(?m)^ +--- PASS: [^/\s]+/(\S+) `)

// subtests are the names of a test's subtests, all of which must pass without a mutant.
func (b *binary) subtests(of string) (map[string]bool, error) {
	t := test{name: of, in: b}
	out, ok := t.run(context.Background(), "CONSENTRY_MUTANT=0", "-test.v")
	if !ok {
		return nil, fmt.Errorf("%s: %s fails without a mutant\n%s", b.folder, of, out)
	}
	names := map[string]bool{}
	for _, m := range passedSubtest.FindAllSubmatch(out, -1) {
		names[string(m[1])] = true
	}
	return names, nil
}

func (b *binary) subtest(of, name, alive string) (output []byte, passed bool) {
	t := test{name: of + "$/^" + regexp.QuoteMeta(name), in: b}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return t.run(ctx, "CONSENTRY_MUTANT="+alive)
}
