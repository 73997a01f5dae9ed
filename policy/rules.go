package policy

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/consentry/consentry/report"
)

// Limits of rules. A rule is a line or two; the costs are those of the evaluator, where a step over a list counts about
// ten, and a million takes a quarter of a second.
const (
	MaxRules     = 64
	MaxWhen      = 4096 // bytes of an expression
	maxMessage   = 1000 // bytes
	maxRuleCost  = 1_000_000
	maxRuleDepth = 32 // nested parentheses, lists and calls
	maxRuleLoops = 3  // loops in loops: people, their tokens, the findings of those
)

// Rule is a condition of a policy file over the report: where it holds, the verdict is no better than its outcome.
// Consent format 1, 8.
type Rule struct {
	ID      string
	When    string         // a CEL expression over `report`
	Outcome report.Verdict // FAIL, INDETERMINATE, WARN; PASS changes nothing
	Message string         // empty: the expression stands for it

	program *program
}

var ruleID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`) })

// ruleMembers are those that a rule may have.
var ruleMembers = []string{"id", "when", "outcome", "message"}

// readRules reads and compiles the rules of a file.
func readRules(v any) ([]Rule, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, &Error{"rules", "not a list of rules"}
	}
	if len(list) > MaxRules {
		return nil, &Error{"rules", fmt.Sprintf("%d rules; the limit is %d", len(list), MaxRules)}
	}
	out := make([]Rule, 0, len(list))
	for i, item := range list {
		r, err := readRule(fmt.Sprintf("rules[%d]", i), item)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(o Rule) bool { return o.ID == r.ID }) {
			return nil, &Error{fmt.Sprintf("rules[%d].id", i), fmt.Sprintf("%q stands twice", r.ID)}
		}
		out = append(out, *r)
	}
	return out, nil
}

func readRule(path string, v any) (*Rule, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, &Error{path, "not a map"}
	}
	r := &Rule{}
	for _, name := range sortedNames(m) {
		if !slices.Contains(ruleMembers, name) {
			return nil, &Error{join(path, name), "unknown member; known: " + strings.Join(ruleMembers, ", ")}
		}
	}
	for _, f := range []struct {
		name string
		into *string
		most int
		must bool
	}{{"id", &r.ID, 64, true}, {"when", &r.When, MaxWhen, true}, {"message", &r.Message, maxMessage, false}} {
		s, isText := m[f.name].(string)
		_, there := m[f.name]
		switch {
		case !there && !f.must:
		case !isText || s == "":
			return nil, &Error{join(path, f.name), "not a text"}
		case len(s) > f.most:
			return nil, &Error{join(path, f.name), fmt.Sprintf("%d bytes; the limit is %d", len(s), f.most)}
		}
		*f.into = s
	}
	if !ruleID().MatchString(r.ID) {
		return nil, &Error{join(path, "id"), fmt.Sprintf("%q does not have the form of an id: small letters, digits, dot, dash", r.ID)}
	}
	outcome, err := oneOf(join(path, "outcome"), m["outcome"], []string{string(fail), string(indeterminate), string(warn), string(pass)})
	if err != nil {
		return nil, err
	}
	r.Outcome = report.Verdict(outcome)
	if r.program, err = compile(r.When); err != nil {
		return nil, &Error{join(path, "when"), fmt.Sprintf("rule %q: %v", r.ID, err)}
	}
	return r, nil
}

// holds says whether the rule holds for a report in the form of [shape].
func (r *Rule) holds(of any) (bool, error) {
	if r.program == nil {
		return false, errors.New("the rule was not compiled: rules come from Load")
	}
	v, err := r.program.eval(of)
	if err != nil {
		return false, err
	}
	yes, ok := v.(bool)
	if !ok {
		return false, errors.New("it is neither true nor false")
	}
	return yes, nil
}

// ruleEvent is the event that a rule's reason is reported under.
const ruleEvent = "rule."

// Apply holds the rules of the policy against a report that has its verdict, and returns the verdict and the reasons
// with what the rules add. A rule never makes a verdict better; one that cannot be evaluated, since it is too costly or
// asks for what is not there, makes it INDETERMINATE at best: what it would have said is not known.
// Consent format 1, 8.
func (p *Policy) Apply(r *report.Report) (report.Verdict, []report.Reason) {
	if p == nil || len(p.Rules) == 0 {
		return r.Verdict, r.Reasons
	}
	of := shape(reflect.ValueOf(*r), 0)
	reasons := slices.Clone(r.Reasons)
	if r.Verdict == report.NotApplicable {
		reasons = nil // it comes back where no rule has anything to say
	}
	before := len(reasons)
	for i := range p.Rules {
		rule := &p.Rules[i]
		text := rule.Message
		if text == "" {
			text = "the rule holds: " + rule.When
		}
		outcome := rule.Outcome
		yes, err := rule.holds(of)
		if err != nil {
			yes, outcome, text = true, indeterminate, "the rule could not be evaluated: "+err.Error()
		}
		if yes && outcome != pass {
			reasons = append(reasons, report.Reason{Event: ruleEvent + rule.ID, Outcome: outcome, Text: text})
		}
	}
	if len(reasons) == before {
		return r.Verdict, r.Reasons
	}
	slices.SortStableFunc(reasons, func(a, b report.Reason) int { return rank(b.Outcome) - rank(a.Outcome) })
	if r.Verdict == report.NotApplicable {
		return reasons[0].Outcome, append(reasons, r.Reasons...)
	}
	return worst(r.Verdict, reasons[0].Outcome), reasons
}
