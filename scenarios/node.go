package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// kind is what a node of the file is.
type kind uint8

const (
	nullNode kind = iota
	textNode
	numberNode
	boolNode
	mapNode
	listNode
)

var kindNames = [...]string{"nothing", "a text", "a number", "true or false", "a map", "a list"}

func (k kind) String() string { return kindNames[k] }

// place is where something stands: in the file, or in a flag that replaced it.
type place struct {
	line, col, width int
	flag             string
}

// node is a value of the file with its place. The decoder reads nodes rather than bytes so that
// every problem has its place and all of them are found at once.
type node struct {
	kind   kind
	text   string // of scalars, as written
	place  place
	fields []field // of a map, in order
	items  []*node // of a list
}

type field struct {
	key   string
	place place // of the key
	value *node
}

// get is the value of a key, nil if the map has none.
func (n *node) get(key string) *node {
	if f := n.field(key); f != nil {
		return f.value
	}
	return nil
}

func (n *node) field(key string) *field {
	if n == nil || n.kind != mapNode {
		return nil
	}
	for i := range n.fields {
		if n.fields[i].key == key {
			return &n.fields[i]
		}
	}
	return nil
}

// Limits of a scenario file: nobody writes more by hand, and a parser needs bounds.
const (
	maxBytes = 1 << 20
	maxDepth = 32
	maxItems = 1000
)

// reader turns a file into nodes and gathers what is wrong with it as YAML.
type reader struct {
	problems *gatherer
	flag     string // set while the value of a flag is read
}

// gatherer collects problems.
type gatherer struct {
	file string
	list Problems
}

func (g *gatherer) add(at place, message, remedy string) {
	p := Problem{
		File: g.file, Line: at.line, Col: at.col, Width: at.width, Message: message, Remedy: remedy,
	}
	if at.flag != "" {
		p.File, p.Line, p.Col, p.Width = at.flag, 0, 0, 0
	}
	g.list = append(g.list, p)
}

// read parses YAML; it returns nil where there is no usable map.
func (r *reader) read(src []byte) *node {
	if len(src) > maxBytes {
		r.add(place{line: 1, col: 1}, fmt.Sprintf("the file has %d bytes", len(src)),
			"a scenario has at most 1 MiB")
		return nil
	}
	if !utf8.Valid(src) {
		r.add(place{line: 1 + strings.Count(string(validPrefix(src)), "\n"), col: 1},
			"not UTF-8 text", "save the file as UTF-8")
		return nil
	}
	if at, ok := tooDeep(string(src)); ok {
		r.add(at, fmt.Sprintf("nested more than %d deep", maxDepth), "write it flatter")
		return nil
	}
	file, err := parse(src)
	if err != nil {
		r.syntax(err)
		return nil
	}
	return r.document(file)
}

// parse calls the YAML parser, which panics on some malformed files instead of refusing them.
func parse(src []byte) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			file, err = nil, fmt.Errorf("not YAML")
		}
	}()
	return parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
}

func (r *reader) add(at place, message, remedy string) {
	at.flag = r.flag
	r.problems.add(at, message, remedy)
}

func (r *reader) syntax(err error) {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil {
		r.add(tokenPlace(syntax.Token), "not YAML: "+syntax.Message,
			"check indentation, quotes and brackets")
		return
	}
	r.add(place{line: 1, col: 1}, "not YAML", "check indentation, quotes and brackets")
}

func (r *reader) document(file *ast.File) *node {
	var body ast.Node
	for _, d := range file.Docs {
		switch {
		case d.Body == nil || d.Body.Type() == ast.CommentType:
		case body == nil:
			body = d.Body
		default:
			second := (&reader{problems: &gatherer{}}).node(d.Body, 0)
			r.add(second.place, "a second document", "write one scenario a file")
		}
	}
	if body == nil {
		return &node{kind: nullNode, place: place{line: 1, col: 1, width: 1, flag: r.flag}}
	}
	return r.node(body, 0)
}

func (r *reader) node(n ast.Node, depth int) *node {
	out := &node{kind: nullNode}
	if n == nil || n.GetToken() == nil {
		out.place = place{line: 1, col: 1, width: 1, flag: r.flag}
		return out
	}
	out.place = tokenPlace(n.GetToken())
	out.place.flag = r.flag
	if depth > maxDepth {
		r.add(out.place, fmt.Sprintf("nested more than %d deep", maxDepth), "write it flatter")
		return out
	}
	out.text = n.GetToken().Value
	switch n := n.(type) {
	case *ast.MappingNode:
		r.mapping(out, n.Values, depth)
	case *ast.MappingValueNode:
		r.mapping(out, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		r.sequence(out, n, depth)
	case *ast.StringNode:
		out.kind, out.text = textNode, n.Value
	case *ast.LiteralNode:
		out.kind, out.text = textNode, n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.kind = numberNode
	case *ast.BoolNode:
		out.kind = boolNode
	case *ast.NullNode:
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		r.add(out.place, "anchors, aliases and tags are not read", "write the value out")
	default:
		r.add(out.place, "not a value", "write a text, a number, a map or a list")
	}
	return out
}

func (r *reader) sequence(out *node, n *ast.SequenceNode, depth int) {
	out.kind = listNode
	for i, v := range n.Values {
		if i == maxItems {
			r.add(out.place, fmt.Sprintf("more than %d items", maxItems), "write a shorter list")
			return
		}
		out.items = append(out.items, r.node(v, depth+1))
	}
}

func (r *reader) mapping(out *node, values []*ast.MappingValueNode, depth int) {
	out.kind = mapNode
	for i, v := range values {
		if i == maxItems {
			r.add(out.place, fmt.Sprintf("more than %d keys", maxItems), "write a shorter map")
			return
		}
		r.entry(out, v, depth)
	}
	if len(out.fields) > 0 {
		out.place = out.fields[0].place
	}
}

func (r *reader) entry(out *node, v *ast.MappingValueNode, depth int) {
	at := tokenPlace(v.Key.GetToken())
	at.flag = r.flag
	var key string
	switch k := v.Key.(type) {
	case *ast.StringNode:
		key = k.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		key = v.Key.GetToken().Value
	default:
		r.add(at, "not a key", "write a word, a colon and a value")
		return
	}
	if first := out.field(key); first != nil {
		r.add(at, fmt.Sprintf("key %q is there twice", key),
			fmt.Sprintf("keep one; the first is in line %d", first.place.line))
		return
	}
	value := r.node(v.Value, depth+1)
	if value.kind == nullNode && v.Value != nil {
		value.place = at // nothing was written: the key is what there is to show
	}
	out.fields = append(out.fields, field{key: key, place: at, value: value})
}

func tokenPlace(t *token.Token) place {
	at := place{line: 1, col: 1, width: 1}
	if t == nil || t.Position == nil {
		return at
	}
	at.line, at.col = t.Position.Line, t.Position.Column
	first, _, _ := strings.Cut(strings.TrimSpace(t.Origin), "\n")
	at.width = max(1, utf8.RuneCountInString(first))
	return at
}

func validPrefix(src []byte) []byte {
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && size == 1 {
			return src[:i]
		}
		i += size
	}
	return src
}

// tooDeep finds brackets or indentation nested deeper than any scenario, before the parser, which
// recurses, sees them. It does not know quotes, so its bound is far above any real file's.
func tooDeep(src string) (place, bool) {
	depth := 0
	for i, line := range strings.Split(src, "\n") {
		text := strings.TrimLeft(line, " \t")
		if strings.HasPrefix(text, "#") {
			continue
		}
		depth += strings.Count(line, "[") + strings.Count(line, "{")
		depth -= strings.Count(line, "]") + strings.Count(line, "}")
		if max(depth, len(line)-len(text), strings.Count(line, "- ")) > 16*maxDepth {
			return place{line: i + 1, col: 1, width: 1}, true
		}
	}
	return place{}, false
}
