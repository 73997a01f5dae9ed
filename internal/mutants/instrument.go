package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// mutant is one change: a condition that is always true or never, or a statement that is left out.
type mutant struct {
	id   int
	file string // base name
	at   string // file:line:column
	what string
	name string // what a list calls it: file, function and what, which outlive lines that move
}

// runtime is the file that the changed package gets: which mutant is alive, or which two, and which were reached.
const runtime = `package x

import (
	"os"
	"strconv"
	"strings"
	"sync"
)

var (
	mutantOne, mutantTwo, _ = strings.Cut(os.Getenv("CONSENTRY_MUTANT"), ",")
	mutantAlive, _ = strconv.Atoi(mutantOne)
	mutantToo, _   = strconv.Atoi(mutantTwo)
	mutantTrace    = os.Getenv("CONSENTRY_MUTANTS_REACHED")
	mutantSeen     sync.Map
)

func mutantReached(id int) {
	if mutantTrace == "" {
		return
	}
	if _, twice := mutantSeen.LoadOrStore(id, true); twice {
		return
	}
	f, err := os.OpenFile(mutantTrace, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if _, err := f.WriteString(strconv.Itoa(id) + "\n"); err != nil {
		panic(err)
	}
}

// mutantBool is a condition that two mutants replace: id says always, id+1 says never.
func mutantBool(id int, b bool) bool {
	if mutantTrace != "" {
		if b {
			mutantReached(id + 1)
		} else {
			mutantReached(id)
		}
	}
	switch id {
	case mutantAlive, mutantToo:
		return true
	case mutantAlive - 1, mutantToo - 1:
		return false
	}
	return b
}

// mutantKeep says that a statement stays.
func mutantKeep(id int) bool {
	mutantReached(id)
	return mutantAlive != id && mutantToo != id
}
`

// instrument rewrites a file so that each of its checks can be taken out by a number, counted from first + 1.
func instrument(name string, text []byte, first int) (out []byte, pkg string, found []mutant, err error) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, "", nil, err
	}
	w := &writer{set: set, text: text, next: first + 1, made: map[ast.Node]bool{}, twins: map[string]int{}}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			w.function = fn.Name.Name
			ast.Inspect(fn.Body, w.visit)
		}
	}
	var b bytes.Buffer
	if err := format.Node(&b, set, f); err != nil {
		return nil, "", nil, err
	}
	return b.Bytes(), f.Name.Name, w.found, nil
}

type writer struct {
	set   *token.FileSet
	text  []byte
	next  int
	found []mutant
	made  map[ast.Node]bool // by this program

	function string
	twins    map[string]int // how often a name was given
}

func (w *writer) add(n ast.Node, what string) int {
	id := w.next
	w.next++
	line := string(w.text[w.set.Position(n.Pos()).Offset:w.set.Position(n.End()).Offset])
	line, _, _ = strings.Cut(line, "\n")
	at := w.set.Position(n.Pos())
	m := mutant{id: id, file: filepath.Base(at.Filename), at: at.String(), what: fmt.Sprintf(what, line)}
	m.name = m.file + " " + w.function + " " + m.what
	if w.twins[m.name]++; w.twins[m.name] > 1 {
		m.name += fmt.Sprintf(" #%d", w.twins[m.name])
	}
	w.found = append(w.found, m)
	return id
}

func (w *writer) visit(n ast.Node) bool {
	if w.made[n] {
		return true
	}
	switch n := n.(type) {
	case *ast.IfStmt:
		n.Cond = w.condition(n.Cond)
	case *ast.SwitchStmt:
		if n.Tag == nil {
			for _, c := range n.Body.List {
				clause := c.(*ast.CaseClause)
				for i := range clause.List {
					clause.List[i] = w.condition(clause.List[i])
				}
			}
		}
	case *ast.ReturnStmt:
		for i, e := range n.Results {
			if b, ok := e.(*ast.BinaryExpr); ok && truth(b.Op) {
				n.Results[i] = w.condition(e)
			}
		}
	case *ast.BlockStmt:
		w.statements(n.List)
	case *ast.CaseClause:
		w.statements(n.Body)
	}
	return true
}

// truth says whether an operator makes a bool.
func truth(op token.Token) bool {
	switch op {
	case token.LAND, token.LOR, token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return true
	}
	return false
}

// condition wraps the parts of a condition, or the whole where it has none: a part that is always (never) so is a check
// that was taken out.
func (w *writer) condition(e ast.Expr) ast.Expr {
	switch x := e.(type) {
	case *ast.BinaryExpr:
		if x.Op == token.LAND || x.Op == token.LOR {
			x.X, x.Y = w.condition(x.X), w.condition(x.Y)
			return x
		}
	case *ast.ParenExpr:
		x.X = w.condition(x.X)
		return x
	}
	id := w.add(e, "%q is always so")
	w.add(e, "%q is never so")
	return &ast.CallExpr{
		Fun: ast.NewIdent("mutantBool"), Lparen: e.Pos(), Rparen: e.End(),
		Args: []ast.Expr{&ast.BasicLit{Kind: token.INT, Value: fmt.Sprint(id), ValuePos: e.Pos()}, e},
	}
}

// statements puts calls and assignments behind a condition of their own.
func (w *writer) statements(list []ast.Stmt) {
	for i, s := range list {
		switch x := s.(type) {
		case *ast.ExprStmt:
			if call, ok := x.X.(*ast.CallExpr); ok {
				if fn, ok := call.Fun.(*ast.Ident); ok && fn.Name == "panic" {
					continue // a function may end in it
				}
			}
		case *ast.AssignStmt:
			if x.Tok == token.DEFINE {
				continue
			}
		default:
			continue
		}
		id := w.add(s, "%q is left out")
		body := &ast.BlockStmt{List: []ast.Stmt{s}}
		keep := &ast.IfStmt{
			If:   s.Pos(),
			Cond: &ast.CallExpr{Fun: ast.NewIdent("mutantKeep"), Args: []ast.Expr{&ast.BasicLit{Kind: token.INT, Value: fmt.Sprint(id)}}},
			Body: body,
		}
		w.made[keep], w.made[body] = true, true
		list[i] = keep
	}
}
