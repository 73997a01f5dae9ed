package policy

import (
	"reflect"

	"cel.dev/cel-go/common/types"

	"github.com/consentry/consentry/report"
)

// Types are the report's types as expressions see them.
func Types() (types.Provider, types.Adapter, error) {
	s, err := newShapes()
	if err != nil {
		return nil, nil, err
	}
	return s, s.Registry, nil
}

// Shape is a report as expressions see it.
func Shape(r *report.Report) any { return shape(reflect.ValueOf(*r), 0) }

// Evaluate is what a rule's condition is for a report; compiled says whether there is one.
func Evaluate(when string, r *report.Report) (yes, compiled bool, err error) {
	p, err := compile(when)
	if err != nil {
		return false, false, err
	}
	yes, err = (&Rule{program: p}).holds(Shape(r))
	return yes, true, err
}
