package labels

import (
	"slices"
	"sort"
	"strings"

	"github.com/consentry/consentry/report"
)

// The tags that ComfyUI's writers give a file: the graph as it ran, and as its editor drew it.
const (
	promptTag   = "prompt"
	workflowTag = "workflow"
)

// Limits of a graph; docs/limits.md has the reasons and the tests.
const (
	maxNodes = 10_000 // nodes of a graph that are looked at
	maxNames = 32     // names of nodes and models that are shown
)

// graph is what matters of node graphs.
type graph struct {
	tags     []string
	samplers []string // nodes that generate
	models   []string
	adapters []string // LoRA files, whose names may be people's
	makers   bool     // a node loads a model that generates
}

// graphs makes labels of the fields that are node graphs, one for each place, and gives the other fields.
func (c *collector) graphs(fields []field) []field {
	var rest []field
	type place struct {
		f field
		g *graph
	}
	var places []*place
	for _, f := range fields {
		g := &graph{}
		if !g.read(f) {
			rest = append(rest, f)
			continue
		}
		i := slices.IndexFunc(places, func(p *place) bool { return p.f.carrier == f.carrier && p.f.scope == f.scope })
		if i < 0 {
			places = append(places, &place{f, g})
			continue
		}
		places[i].g.join(g)
	}
	for _, p := range places {
		c.label(p.f, p.g.label(p.f.scope))
	}
	return rest
}

func (g *graph) join(o *graph) {
	g.tags, g.samplers = unite(g.tags, o.tags), unite(g.samplers, o.samplers)
	g.models, g.adapters = unite(g.models, o.models), unite(g.adapters, o.adapters)
	g.makers = g.makers || o.makers
}

func unite(a, b []string) []string {
	for _, s := range b {
		a = appendName(a, s)
	}
	return a
}

func appendName(list []string, s string) []string {
	if s = clip(s); s == "" || len(list) >= maxNames || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// label tells a graph. It proves that the tool wrote the file; only a node that generates says more.
func (g *graph) label(scope string) report.Label {
	v := map[string]any{"samplerNodes": names(g.samplers)}
	if len(g.tags) > 0 {
		v["tags"] = names(g.tags)
	}
	if len(g.models) > 0 {
		v["model"] = g.models[0]
	}
	if len(g.models) > 1 {
		v["models"] = names(g.models)
	}
	if len(g.adapters) > 0 {
		v["loras"] = names(g.adapters)
	}
	l := report.Label{Kind: ComfyUI, Value: v, Class: classTool, Says: Nothing, Means: "a ComfyUI graph that generates nothing: the tool wrote the file"}
	if len(g.samplers) > 0 || g.makers {
		l.Says, l.Means = Possible, "a ComfyUI graph with nodes that generate: the content may be generated"
	}
	if scope == Cover {
		l.Means = ofCover + l.Means
	}
	return l
}

func names(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// read reads a field that is a graph: in a tag of its own, or both in the comment, as older writers did.
func (g *graph) read(f field) bool {
	text := strings.Trim(f.text, "\x00 \t\r\n")
	if !strings.HasPrefix(text, "{") {
		return false
	}
	own := f.role == plain && (strings.EqualFold(f.name, promptTag) || strings.EqualFold(f.name, workflowTag))
	if !own && f.role != prose && f.role != plain {
		return false
	}
	v, err := readGraph(text)
	if err != nil {
		return false
	}
	x, ok := v.(map[string]any)
	if !ok {
		return false
	}
	if own {
		if g.nodes(x) {
			g.tags = []string{strings.ToLower(f.name)}
			return true
		}
	}
	found := false
	for _, tag := range []string{promptTag, workflowTag} {
		inner := x[tag]
		if s, ok := inner.(string); ok {
			inner, _ = readGraph(s)
		}
		if m, ok := inner.(map[string]any); ok && g.nodes(m) {
			found = true
		}
	}
	return found
}

// nodes reads a graph; false where it is none.
//
//	prompt { ID: {"class_type": NAME, "inputs": {…}} }   workflow {"nodes": [{"type": NAME, "widgets_values": […]}]}
func (g *graph) nodes(x map[string]any) bool {
	found := false
	if list, ok := x["nodes"].([]any); ok {
		for _, n := range list[:min(len(list), maxNodes)] {
			if node, ok := n.(map[string]any); ok {
				if typ, ok := node["type"].(string); ok {
					values, _ := node["widgets_values"].([]any)
					g.node(typ, values)
					found = true
				}
			}
		}
		return found
	}
	ids := make([]string, 0, min(len(x), maxNodes))
	for id := range x {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	for _, id := range ids[:min(len(ids), maxNodes)] {
		node, _ := x[id].(map[string]any)
		typ, ok := node["class_type"].(string)
		if !ok {
			continue
		}
		inputs, _ := node["inputs"].(map[string]any)
		keys := make([]string, 0, len(inputs))
		for k := range inputs {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		values := make([]any, 0, len(keys))
		for _, k := range keys {
			values = append(values, inputs[k])
		}
		g.node(typ, values)
		found = true
	}
	return found
}

// node sorts a node by its type's name, which is all that there is: thousands of types are in use.
func (g *graph) node(typ string, values []any) {
	name := strings.ToLower(typ)
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(name, p) })
	}
	loader := has("loader")
	switch {
	case loader && has("lora"):
		for _, v := range values {
			if f := weights(v); f != "" {
				g.adapters = appendName(g.adapters, f)
			}
		}
	case loader && has("vae", "clip", "upscale", "controlnet", "style", "textencoder", "t5", "audio", "image", "video") && !has("videomodel", "wanvideo", "checkpoint", "unet"):
	case loader && has("checkpoint", "unet", "diffusion", "model", "gguf", "dit"):
		g.makers = true
		for _, v := range values {
			if f := weights(v); f != "" {
				g.models = appendName(g.models, f)
			}
		}
	case has("sampler") && !has("select", "preview"):
		g.samplers = appendName(g.samplers, typ)
	case has("texttovideo", "imagetovideo", "text2video", "image2video", "txt2vid", "img2vid", "txt2video", "img2video", "videogeneration") && !loader:
		g.samplers = appendName(g.samplers, typ)
	}
}

// weights is the name of a file of weights; empty: the value is none.
func weights(v any) string {
	s, _ := v.(string)
	for _, end := range []string{".safetensors", ".ckpt", ".gguf", ".pt", ".pth", ".sft"} {
		if strings.HasSuffix(strings.ToLower(s), end) {
			return s
		}
	}
	return ""
}

// maxGraphNested bounds how values of a graph nest; the editor's drawings nest some ten deep.
const maxGraphNested = 64

func readGraph(text string) (any, error) {
	v, _, err := readNested(text, maxGraphNested)
	return v, err
}
