package docker

import "strings"

// tail keeps the last lines of a text.
type tail struct{ text string }

const tailBytes = 8 << 10

func (t *tail) write(s string) {
	t.text += s
	if len(t.text) > 2*tailBytes {
		t.text = t.text[len(t.text)-tailBytes:]
	}
}

// quote are the last lines, indented, each on a line of its own; "" where there are none.
func (t *tail) quote() string { return quoteLast(t.text) }

func quoteLast(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	var b strings.Builder
	for _, line := range lines[max(0, len(lines)-tailLines):] {
		if line = strings.TrimRight(line, " \r"); line != "" {
			b.WriteString("\n\t| " + line)
		}
	}
	return b.String()
}
