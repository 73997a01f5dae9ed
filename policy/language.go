package policy

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/containers"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/stdlib"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"
	"cel.dev/cel-go/parser"
)

// The library's own package that puts parser, checker and interpreter together is left out: with it come descriptions
// of protobuf's descriptions, which are read when the process starts, whether there is a rule or not. That is a third of
// a start. The tests hold the parts put together here against that package.

// language is what an expression may use: the report, the operators and texts of CEL's standard library, and the loops
// that answer with a bool. Loops that build lists are left out: nested, they grow without end.
type language struct {
	parser  *parser.Parser
	checker *checker.Env
	plan    interpreter.Interpreter
	tracker *cost.Tracker // to be cloned
}

var theLanguage = sync.OnceValues(newLanguage)

func newLanguage() (*language, error) {
	s, err := newShapes()
	if err != nil {
		return nil, err
	}
	l := &language{}
	if l.parser, err = parser.NewParser(
		parser.Macros(parser.HasMacro, parser.AllMacro, parser.ExistsMacro, parser.ExistsOneMacro, parser.FilterMacro),
		parser.MaxRecursionDepth(maxRuleDepth), parser.ExpressionSizeCodePointLimit(MaxWhen), parser.ErrorRecoveryLimit(1),
	); err != nil {
		return nil, err
	}
	if l.checker, err = checker.NewEnv(containers.DefaultContainer, s); err != nil {
		return nil, err
	}
	if err = l.checker.AddIdents(decls.NewVariable("report", types.NewObjectType("report/Report"))); err != nil {
		return nil, err
	}
	if err = l.checker.AddFunctions(stdlib.Functions()...); err != nil {
		return nil, err
	}
	var bindings []*functions.Overload
	for _, f := range stdlib.Functions() {
		b, err := f.Bindings()
		if err != nil {
			return nil, err
		}
		bindings = append(bindings, b...)
	}
	d := interpreter.NewDispatcher()
	if err = d.Add(bindings...); err != nil {
		return nil, err
	}
	l.plan = interpreter.NewInterpreter(d, containers.DefaultContainer, s, s.Registry,
		interpreter.NewAttributeFactory(containers.DefaultContainer, s.Registry, s))
	l.tracker, err = cost.NewTracker(nil, cost.TrackerLimit(maxRuleCost))
	return l, err
}

// program is an expression that is ready to be evaluated.
type program struct{ interpreter.InterpretableV2 }

// compile checks an expression and makes it ready. The error begins with its place: line and column, from 1.
func compile(when string) (*program, error) {
	l, err := theLanguage()
	if err != nil {
		return nil, err
	}
	source := common.NewTextSource(when)
	parsed, errs := l.parser.Parse(source)
	if err := firstOf(errs); err != nil {
		return nil, err
	}
	checked, errs := checker.Check(parsed, source, l.checker)
	if err := firstOf(errs); err != nil {
		return nil, err
	}
	l.literals(checked, errs)
	alike(checked, errs)
	loops(checked, errs)
	if err := firstOf(errs); err != nil {
		return nil, err
	}
	if t := checked.GetType(checked.Expr().ID()); t != types.BoolType {
		return nil, fmt.Errorf("line 1, column 1: the expression is a %s, and a condition is true or false", checker.FormatCELType(t))
	}
	p, err := l.plan.NewInterpretable(checked, interpreter.Optimize(), interpreter.CompileRegexConstants(interpreter.MatchesRegexOptimization),
		interpreter.CostObserver(interpreter.CostTrackerFactory(func() (*cost.Tracker, error) { return l.tracker.Clone() })))
	if err != nil {
		return nil, err
	}
	return &program{p}, nil
}

// firstOf is the leftmost of what was found wrong with an expression.
func firstOf(errs *common.Errors) error {
	list := errs.GetErrors()
	if len(list) == 0 {
		return nil
	}
	first := slices.MinFunc(list, func(a, b *common.Error) int {
		return cmp.Or(cmp.Compare(a.Location.Line(), b.Location.Line()), cmp.Compare(a.Location.Column(), b.Location.Column()))
	})
	text, _, _ := strings.Cut(first.Message, "\n")
	return fmt.Errorf("line %d, column %d: %s", max(1, first.Location.Line()), first.Location.Column()+1, text)
}

// eval is the expression's value for a report. Past the limit of costs the evaluator panics; that is an error here.
func (p *program) eval(of any) (out any, err error) {
	frame, err := interpreter.NewExecutionFrame(map[string]any{"report": of})
	if err != nil {
		return nil, err
	}
	defer frame.Close()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case cost.LimitExceededError:
			err = r
		case interpreter.EvalCancelledError:
			err = r
		default:
			err = fmt.Errorf("internal error: %v", r)
		}
	}()
	v := p.Exec(frame)
	if e, failed := v.(*types.Err); failed {
		return nil, e
	}
	return v.Value(), nil
}

// literals reports durations, times and regular expressions that are written out and are none.
func (l *language) literals(a *ast.AST, errs *common.Errors) {
	for name, wrong := range map[string]func(call, arg ast.Expr) error{
		overloads.TypeConvertDuration: l.constant, overloads.TypeConvertTimestamp: l.constant,
		overloads.Matches: func(_, arg ast.Expr) error {
			text, isText := arg.AsLiteral().Value().(string)
			if !isText {
				return nil
			}
			_, err := regexp.Compile(text)
			return err
		},
	} {
		for _, call := range ast.MatchDescendants(ast.NavigateAST(a), ast.FunctionMatcher(name)) {
			args := call.AsCall().Args()
			if len(args) > 0 && args[0].Kind() == ast.LiteralKind && wrong(call, args[0]) != nil {
				misplaced(errs, a, args[0].ID(), "invalid %s argument", name)
			}
		}
	}
}

// constant says whether a call that asks for nothing of the report fails.
func (l *language) constant(call, _ ast.Expr) error {
	p, err := l.plan.NewInterpretable(ast.NewAST(call, ast.NewSourceInfo(nil)))
	if err != nil {
		return err
	}
	if e, failed := p.Eval(interpreter.EmptyActivation()).(*types.Err); failed {
		return e
	}
	return nil
}

// alike reports lists and maps that are written out with values of several types.
func alike(a *ast.AST, errs *common.Errors) {
	check := func(of []ast.Expr) {
		for _, e := range of {
			if want, got := a.GetType(of[0].ID()), a.GetType(e.ID()); !want.IsEquivalentType(got) {
				misplaced(errs, a, e.ID(), "expected type '%s' but found '%s'", checker.FormatCELType(want), checker.FormatCELType(got))
				return
			}
		}
	}
	root := ast.NavigateAST(a)
	for _, list := range ast.MatchDescendants(root, ast.KindMatcher(ast.ListKind)) {
		check(list.AsList().Elements())
	}
	for _, m := range ast.MatchDescendants(root, ast.KindMatcher(ast.MapKind)) {
		var keys, values []ast.Expr
		for _, e := range m.AsMap().Entries() {
			keys, values = append(keys, e.AsMapEntry().Key()), append(values, e.AsMapEntry().Value())
		}
		check(keys)
		check(values)
	}
}

// loops reports loops that lie in more loops than the limit. One over an empty list that is written out costs nothing.
func loops(a *ast.AST, errs *common.Errors) {
	for _, inner := range ast.MatchDescendants(ast.NavigateAST(a), ast.KindMatcher(ast.ComprehensionKind)) {
		n := 0
		for e, there := inner, true; there; e, there = e.Parent() {
			if e.Kind() != ast.ComprehensionKind {
				continue
			}
			if over := e.AsComprehension().IterRange(); over.Kind() != ast.ListKind || over.AsList().Size() > 0 {
				n++
			}
		}
		if n > maxRuleLoops {
			misplaced(errs, a, inner.ID(), "comprehension exceeds nesting limit")
		}
	}
}

// misplaced reports an error at a part of an expression.
func misplaced(errs *common.Errors, a *ast.AST, id int64, format string, args ...any) {
	errs.ReportErrorAtID(id, a.SourceInfo().GetStartLocation(id), format, args...)
}
