package manifest

import "github.com/consentry/consentry/internal/cbortree"

// templates are what an actions assertion says once for many actions, merged per action name when it is read, so that
// an action's look-up costs the same whatever a file puts there. The zero value has none. C2PA 2.5, 16.4.1.
type templates struct {
	members map[string]map[string]cbortree.Value // by action name ("*": every action) and key
	params  map[string]map[string]cbortree.Value // the same for the parameters
	agents  []string                             // softwareAgents: name and version
}

func readTemplates(set cbortree.Value) *templates {
	t := &templates{members: map[string]map[string]cbortree.Value{}, params: map[string]map[string]cbortree.Value{}}
	for _, g := range set.Get("softwareAgents").List() {
		t.agents = append(t.agents, readGenerator(g).line())
	}
	for _, item := range set.Get("templates").List() {
		name := item.Get("action").Str()
		merge(t.members, name, item)
		// templateParameters is the name that parameters had in templates until 2.4.
		merge(t.params, name, item.Get("templateParameters"))
		merge(t.params, name, item.Get("parameters"))
	}
	return t
}

// merge adds a map's members; a later template of the same name wins.
func merge(into map[string]map[string]cbortree.Value, name string, m cbortree.Value) {
	if m.Kind != cbortree.Map {
		return
	}
	if into[name] == nil {
		into[name] = map[string]cbortree.Value{}
	}
	for i := 0; i+1 < len(m.Items); i += 2 {
		into[name][m.Items[i].Str()] = m.Items[i+1]
	}
}

// member returns a member of an action: its own, else of the templates for its name, else of those for every action.
func (t *templates) member(item cbortree.Value, name, key string) cbortree.Value {
	return look(t.members, item, name, key)
}

// parameter is member for a parameter.
func (t *templates) parameter(item cbortree.Value, name, key string) cbortree.Value {
	return look(t.params, item.Get("parameters"), name, key)
}

func look(in map[string]map[string]cbortree.Value, own cbortree.Value, name, key string) cbortree.Value {
	if v := own.Get(key); v.Kind != cbortree.None {
		return v
	}
	if v, ok := in[name][key]; ok {
		return v
	}
	return in["*"][key]
}

// agent names the software of an action: a map, version 1's text, or a place in softwareAgents.
func (t *templates) agent(own, index cbortree.Value) string {
	if own.IsText() {
		return own.Str()
	}
	if i, ok := index.Int(); own.Kind == cbortree.None && ok && i >= 0 && i < int64(len(t.agents)) {
		return t.agents[i]
	}
	return readGenerator(own).line()
}
