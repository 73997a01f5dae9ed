package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/consentry/consentry/docs/schemas"
)

// memberSchema is what of a JSON schema says which members a value may have.
type memberSchema struct {
	Ref        string                   `json:"$ref"`
	Properties map[string]*memberSchema `json:"properties"`
	Items      *memberSchema            `json:"items"`
	OneOf      []*memberSchema          `json:"oneOf"`
	Defs       map[string]*memberSchema `json:"$defs"`
}

// UnmarshalJSON reads a schema, of which true and false say nothing about members.
func (s *memberSchema) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return nil
	}
	type plain memberSchema
	return json.Unmarshal(b, (*plain)(s))
}

// slippedMembers are the members below the top of a consent assertion in JSON that the format does not know, by their
// paths in ascending order: they are signed as they stand, and nobody judges them.
func slippedMembers(text []byte) ([]string, error) {
	b, err := schemas.Files.ReadFile("consent-assertion-1.schema.json")
	if err != nil {
		return nil, err
	}
	var root memberSchema
	if err := json.Unmarshal(b, &root); err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	var out []string
	for name, s := range root.Properties {
		out = append(out, root.slips(s, doc[name], name)...)
	}
	slices.Sort(out)
	return out, nil
}

// slips walks a value beside its schema; r is the schema's root. Where the schema names no members any is allowed.
func (r *memberSchema) slips(s *memberSchema, value any, path string) (out []string) {
	if s == nil {
		return nil
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		return r.slips(r.Defs[name], value, path)
	}
	switch v := value.(type) {
	case []any:
		for i, item := range v {
			out = append(out, r.slips(s.Items, item, fmt.Sprintf("%s[%d]", path, i))...)
		}
	case map[string]any:
		known := map[string]*memberSchema{}
		for _, one := range append([]*memberSchema{s}, s.OneOf...) {
			for name, below := range one.Properties {
				known[name] = below
			}
		}
		for name, item := range v {
			below, ok := known[name]
			if !ok && len(known) > 0 {
				out = append(out, path+"."+name)
			}
			out = append(out, r.slips(below, item, path+"."+name)...)
		}
	}
	return out
}
