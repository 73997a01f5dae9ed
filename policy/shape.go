package policy

import (
	"reflect"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"

	"github.com/consentry/consentry/report"
)

// A rule sees the report under the names of its JSON, with the types of the Go struct: a misspelt member is an error
// when the policy is read, not a rule that never holds.

// shapes are the types of the report for the checker of expressions. Their values are maps: a field without a getter is
// looked up by name.
type shapes struct {
	*types.Registry
	fields map[string]map[string]*types.FieldType // by type and member
}

// newShapes describes the report and every struct in it.
func newShapes() (*shapes, error) {
	r, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	s := &shapes{Registry: r, fields: map[string]map[string]*types.FieldType{}}
	s.typeOf(reflect.TypeFor[report.Report]())
	return s, nil
}

// FindStructType implements types.Provider.
func (s *shapes) FindStructType(name string) (*types.Type, bool) {
	if _, known := s.fields[name]; !known {
		return s.Registry.FindStructType(name)
	}
	return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
}

// FindStructFieldNames implements types.Provider.
func (s *shapes) FindStructFieldNames(name string) ([]string, bool) {
	m, known := s.fields[name]
	if !known {
		return s.Registry.FindStructFieldNames(name)
	}
	var out []string
	for n := range m {
		out = append(out, n)
	}
	return out, true
}

// FindStructFieldType implements types.Provider.
func (s *shapes) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	m, known := s.fields[name]
	if !known {
		return s.Registry.FindStructFieldType(name, field)
	}
	f, ok := m[field]
	return f, ok
}

var timeType = reflect.TypeFor[time.Time]()

// typeOf is the type that expressions see of a Go type of the report.
func (s *shapes) typeOf(t reflect.Type) *types.Type {
	switch {
	case t == timeType:
		return types.TimestampType
	case t.Kind() == reflect.Pointer:
		inner := s.typeOf(t.Elem())
		if t.Elem().Kind() == reflect.Struct && t.Elem() != timeType {
			return inner // an object may be null
		}
		return types.NewNullableType(inner)
	}
	switch t.Kind() {
	case reflect.String:
		return types.StringType
	case reflect.Bool:
		return types.BoolType
	case reflect.Int, reflect.Int64:
		return types.IntType
	case reflect.Float64:
		return types.DoubleType
	case reflect.Slice, reflect.Array:
		return types.NewListType(s.typeOf(t.Elem()))
	case reflect.Map:
		return types.NewMapType(types.StringType, s.typeOf(t.Elem()))
	case reflect.Struct:
		return s.structOf(t)
	}
	return types.DynType
}

func (s *shapes) structOf(t reflect.Type) *types.Type {
	name := "report/" + t.Name() // no identifier: nobody can write a struct of this type
	if _, known := s.fields[name]; !known {
		s.fields[name] = map[string]*types.FieldType{}
		for i := range t.NumField() {
			if member := memberName(t.Field(i)); member != "" {
				s.fields[name][member] = &types.FieldType{Type: s.typeOf(t.Field(i).Type)}
			}
		}
	}
	return types.NewObjectType(name)
}

// memberName is the name of a field in JSON; empty: it is in none.
func memberName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "-" || !f.IsExported() {
		return ""
	}
	return name
}

// maxShape bounds the nesting of what a label holds; the report's own structs nest six levels.
const maxShape = 32

// shape turns a value of the report into maps, lists and scalars under the names of its JSON. A member that JSON leaves
// out where it is empty is there all the same, so that a rule may ask for it.
func shape(v reflect.Value, depth int) any {
	if !v.IsValid() || depth > maxShape {
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return shape(v.Elem(), depth+1)
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint()
	case reflect.Float32, reflect.Float64:
		return v.Float()
	case reflect.Slice, reflect.Array:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = shape(v.Index(i), depth+1)
		}
		return out
	case reflect.Map:
		out := make(map[string]any, v.Len())
		for _, k := range v.MapKeys() {
			if k.Kind() == reflect.String {
				out[k.String()] = shape(v.MapIndex(k), depth+1)
			}
		}
		return out
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			return t
		}
		out := make(map[string]any, v.NumField())
		for i := range v.NumField() {
			if name := memberName(v.Type().Field(i)); name != "" {
				out[name] = shape(v.Field(i), depth+1)
			}
		}
		return out
	}
	return nil
}
