package policy_test

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"cel.dev/cel-go/cel"

	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
)

// whole is the language as the library's own package puts it together.
var whole = sync.OnceValues(func() (*cel.Env, error) {
	provider, adapter, err := policy.Types()
	if err != nil {
		return nil, err
	}
	return cel.NewCustomEnv(
		cel.CustomTypeAdapter(adapter), cel.CustomTypeProvider(provider),
		cel.StdLib(), cel.ClearMacros(), cel.Macros(cel.HasMacro, cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, cel.FilterMacro),
		cel.Variable("report", cel.ObjectType("report/Report")),
		cel.ParserRecursionLimit(32), cel.ParserExpressionSizeLimit(policy.MaxWhen), cel.ParserErrorRecoveryLimit(1),
		cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals(),
			cel.ValidateHomogeneousAggregateLiterals(), cel.ValidateComprehensionNestingLimit(3)),
	)
})

// byLibrary is what the library's own package says of a condition.
func byLibrary(t *testing.T, when string, r *report.Report) (yes, compiled bool, err error) {
	env, err := whole()
	if err != nil {
		t.Fatal(err)
	}
	a, issues := env.Compile(when)
	if issues.Err() != nil {
		first := slices.MinFunc(issues.Errors(), func(a, b *cel.Error) int {
			return cmp.Or(cmp.Compare(a.Location.Line(), b.Location.Line()), cmp.Compare(a.Location.Column(), b.Location.Column()))
		})
		text, _, _ := strings.Cut(first.Message, "\n")
		return false, false, fmt.Errorf("line %d, column %d: %s", max(1, first.Location.Line()), first.Location.Column()+1, text)
	}
	if a.OutputType() != cel.BoolType {
		return false, false, fmt.Errorf("line 1, column 1: the expression is a %s, and a condition is true or false", a.OutputType())
	}
	p, err := env.Program(a, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(1_000_000))
	if err != nil {
		return false, false, err
	}
	v, _, err := p.Eval(map[string]any{"report": policy.Shape(r)})
	if err != nil {
		return false, true, err
	}
	yes, _ = v.Value().(bool)
	return yes, true, nil
}

// sameAsLibrary holds a condition against the library's own package: it is taken or refused by both, and holds for both.
func sameAsLibrary(t *testing.T, when string, r *report.Report) (err, wantErr error) {
	t.Helper()
	yes, compiled, err := policy.Evaluate(when, r)
	wantYes, wantCompiled, wantErr := byLibrary(t, when, r)
	if yes != wantYes || compiled != wantCompiled || (err == nil) != (wantErr == nil) {
		t.Errorf("%s: %v, compiled %v, %v; the library: %v, compiled %v, %v", when, yes, compiled, err, wantYes, wantCompiled, wantErr)
	}
	return err, wantErr
}

func TestTheLanguageIsTheLibrarys(t *testing.T) {
	for _, when := range []string{
		`true`, `1 + 1 == 2`, `1 == 1.0`, `1 < 2.0`, `1u == 1`, `'a' + 'b' == 'ab'`, `b'a' == bytes('a')`, `!false && (false || true)`, `true ? false : true`,
		`2 in [1, 2]`, `'a' in {'a': 1}`, `[1, 2][5] == 1`, `{'a': 1}.b == 1`, `{'a': 1}['a'] == 1`, `size('abc') == 3`, `[1, 'a'].size() == 2`, `[1, 1.0].size() == 2`,
		`{'a': 1, 2: 1}.size() == 2`, `{'a': 1, 'b': 'c'}.size() == 2`, `[[1], ['a']].size() == 2`, `[report.verdict, report.labels[0].value].size() == 2`,
		`duration('1h') > duration('5m')`, `duration('nonsense') > duration('5m')`, `timestamp('2026-01-01T00:00:00Z') < report.validationTime`,
		`timestamp('2026-13-01T00:00:00Z') < report.validationTime`, `timestamp(0) < report.validationTime`, `report.validationTime.getHours() == 12`,
		`report.validationTime.getHours('Europe/Berlin') == 12`, `report.validationTime.getHours('Nowhere') == 12`, `report.validationTime - duration('1h') < report.validationTime`,
		`report.verdict.matches('^P')`, `report.verdict.matches('(')`, `matches('(', 'x')`, `matches(report.verdict, '(')`, `'('.matches(report.verdict)`, `report.verdict.matches(report.verdict)`,
		`int('x') == 1`, `int('12') == 12`, `double('1.5') == 1.5`, `string(1) == '1'`, `type(1) == int`, `dyn(1) == 'a'`, `bool('true')`, `uint(-1) == 1u`,
		`9223372036854775807 + 1 > 0`, `1 / 0 == 1`, `1 % 0 == 1`, `-(-9223372036854775807 - 1) > 0`, `report.asset.size / 0 == 1`,
		`has(report.decoded.frames)`, `has(report.nothing)`, `has(report)`, `report.people.all(p, p.level == 'E3')`, `report.people.exists(p, p.tokens.exists(t, t.type == 'grant'))`,
		`report.people.exists_one(p, true)`, `report.people.filter(p, p.id != '').size() == 1`, `report.people.map(p, p.id).size() == 1`, `report.people.all(report, true)`, `report.people.all(1, true)`,
		`[].all(a, [].all(b, [].all(c, [].all(d, true))))`, `[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))`, `[1].all(a, [].all(b, [1].all(c, [1].all(d, true))))`,
		`report.labels.exists(l, l.value.inner[0] == 'x')`, `report.labels[0].value.no == 1`, `report.labels[0].value`, `report`, `report.peple`, `report.people.id == ''`, `peple == 1`,
		`int`, `report.Report{}`, `google.protobuf.Duration{seconds: 1} == duration('1s')`, `google.protobuf.Value{} == null`, `a.b.c`, `has(`, `'`, `"\xzz"`, `1 +`, "", `// nothing`, `report.?people`,
		`cel.bind(x, 1, x == 1)`, "true\n&& report.peple", strings.Repeat("(", 31) + "true" + strings.Repeat(")", 31), strings.Repeat("(", 32) + "true" + strings.Repeat(")", 32), "true" + strings.Repeat(" ", policy.MaxWhen),
		`'é' == '\u00e9'`, `'ü'.size() == 1`, `'x'.startsWith('x') && 'x'.endsWith('y') || 'x'.contains('x')`, `"a" < "b" && b"a" < b"b" && false < true`, `null == null`, `report.remote == null`, `report.provenance.remote == null`,
	} {
		// The library's package adds to some errors what could be switched on, in brackets; for a rule nothing can.
		if err, want := sameAsLibrary(t, when, reported(report.Pass)); err != nil && want != nil && err.Error() != want.Error() && !strings.HasPrefix(want.Error(), err.Error()+" (") {
			t.Errorf("%s: %v; the library: %v", when, err, want)
		}
	}
}

// TestTheCostOfARule: a rule that costs as much as it may is evaluated, one that looks at one thing more is given up, and
// the library's own package draws the line at the same place.
func TestTheCostOfARule(t *testing.T) {
	r := reported(report.Pass)
	at := func(findings, reasons int) error {
		r.Findings, r.Reasons = make([]report.Finding, findings), make([]report.Reason, reasons)
		err, _ := sameAsLibrary(t, `report.findings.all(a, report.findings.all(b, a.code == b.code)) && report.reasons.all(x, x.event == "")`, r)
		return err
	}
	findings := sort.Search(1<<10, func(n int) bool { return at(n+1, 0) != nil })
	reasons := sort.Search(1<<12, func(n int) bool { return at(findings, n+1) != nil })
	if findings < 100 || reasons < 100 {
		t.Errorf("%d findings and %d reasons cost all that there is", findings, reasons)
	}
	if err := at(findings, reasons); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if err := at(findings, reasons+1); err == nil || !strings.Contains(err.Error(), "cost limit") {
		t.Errorf("one more: %v", err)
	}
}
