// Command schemagen derives the schema of crJSON documents of C2PA 2.5 from the published one of 2.4.
//
//	go run ./internal/schemagen crjson.schema.json > docs/schemas/crjson-2.5.schema.json
//
// It refuses a source that is not the one it knows: where a place that it changes is not there, or is there already, it
// ends with an error and writes nothing. Start with [derive].
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: schemagen FILE")
	}
	source, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	out, err := derive(source)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(out)
	return err
}

type object = map[string]any

// derive makes the schema of 2.5 out of that of 2.4.
func derive(source []byte) ([]byte, error) {
	var doc object
	if err := json.Unmarshal(source, &doc); err != nil {
		return nil, err
	}
	e := &editor{doc: doc}
	doc["$id"] = "https://github.com/consentry/consentry/docs/schemas/crjson-2.5.schema.json"
	doc["title"] = "crJSON of C2PA 2.5"
	doc["$comment"] = "Derived by internal/schemagen from crJSON-schema.json of contentauth/c2pa-rs (Apache-2.0 OR MIT), with the changes of C2PA 2.5; see README.md beside this file."

	m := e.at("definitions", "manifest")
	e.add(m, "properties", "isUpdateManifest", object{"type": "boolean", "description": "the manifest is an update manifest (2.5)"})
	e.add(m, "properties", "isCompressedManifest", object{"type": "boolean", "description": "the manifest was compressed (2.5)"})
	e.drop(m, "oneOf")
	e.add(m, "", "not", object{"required": []string{"claim", "claim.v2"}})

	signature := e.at("definitions", "signature")
	e.drop(signature, "required")
	e.add(signature, "", "dependentRequired", object{
		"algorithm": []string{"certificateInfo"}, "certificateInfo": []string{"algorithm"},
		"timeStampInfo": []string{"algorithm", "certificateInfo"},
	})

	e.add(e.at("definitions", "manifestValidationResults"), "properties", "trustListUris", object{
		"type": "array", "items": object{"type": "string", "format": "uri"},
		"description": "URIs of the trust lists that the results rest on (2.5)",
	})
	e.add(e.at("definitions", "validationStatusEntry"), "properties", "resourceUrl", object{
		"type": "string", "description": "URL of a resource outside the manifest store that the status speaks of (2.5)",
	})
	e.notRequired(e.at("definitions", "claimV1"), "claim_generator_info")
	if e.err != nil {
		return nil, e.err
	}
	out, err := json.MarshalIndent(doc, "", "  ")
	return append(out, '\n'), err
}

// editor changes a schema and remembers the first thing that was not as expected.
type editor struct {
	doc object
	err error
}

func (e *editor) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf(format, args...)
	}
}

func (e *editor) at(path ...string) object {
	o := e.doc
	for _, p := range path {
		next, ok := o[p].(object)
		if !ok {
			e.fail("no object %q", path)
			return object{}
		}
		o = next
	}
	return o
}

func (e *editor) add(o object, inside, name string, value any) {
	if inside != "" {
		var ok bool
		if o, ok = o[inside].(object); !ok {
			e.fail("no %s to add %s to", inside, name)
			return
		}
	}
	if _, there := o[name]; there {
		e.fail("%s is there already", name)
		return
	}
	o[name] = value
}

func (e *editor) drop(o object, name string) {
	if _, there := o[name]; !there {
		e.fail("no %s to drop", name)
	}
	delete(o, name)
}

func (e *editor) notRequired(o object, name string) {
	list, _ := o["required"].([]any)
	i := slices.Index(list, any(name))
	if i < 0 {
		e.fail("%s is not required", name)
		return
	}
	o["required"] = slices.Delete(list, i, i+1)
}
