// Package matrix turns figures of runs into a decision: mandates, values on anchors fixed
// beforehand, weights, score, doubt and what would flip it.
package matrix

// Declaration is the decision a scenario declares before anything is measured. The field tags name
// the scenario's keys and say in the schema what they mean.
type Declaration struct {
	Question string      `yaml:"question" doc:"the question the decision answers"`
	Mandates []Mandate   `yaml:"mandates" doc:"what an alternative must meet to be ranked"`
	Criteria []Criterion `yaml:"criteria" doc:"what ranks the alternatives that meet the mandates"`
	MRD      Percent     `yaml:"mrd" doc:"minimum relevant difference"`
	Doubt    Doubt       `yaml:"doubt" doc:"how weights and values are varied"`
}

// Mandate is a demand no strength elsewhere makes up for: a limit on a metric, or a declared
// attribute such as the licence.
type Mandate struct {
	Name     string `yaml:"name" doc:"name of the mandate"`
	Metric   string `yaml:"metric" doc:"metric that is limited"`
	Min      Anchor `yaml:"min" doc:"least value, with the metric's unit"`
	Max      Anchor `yaml:"max" doc:"largest value, with the metric's unit"`
	Declared string `yaml:"declared" oneof:"license language support" doc:"attribute of a system"`
	In       string `yaml:"in" doc:"what the attribute must be in, as in osi"`
	Evidence string `yaml:"evidence" doc:"URL or file that shows it"`
	By       string `yaml:"by" doc:"who declared it"`
	Date     string `yaml:"date" doc:"when it was declared"`
}

// Criterion is a row of the matrix: a metric, a judgement or a declared number, valued between
// the anchors Bad and Good.
type Criterion struct {
	Name     string     `yaml:"name" doc:"name of the row"`
	Metric   string     `yaml:"metric" doc:"metric that is measured"`
	Judged   Judgements `yaml:"judged" doc:"low, likely and high judgement a system"`
	Declared Numbers    `yaml:"declared" doc:"declared number a system"`
	Scale    string     `yaml:"scale" oneof:"linear ratio" doc:"how values lie between anchors"`
	Bad      Anchor     `yaml:"bad" doc:"value worth 0, with the metric's unit"`
	Good     Anchor     `yaml:"good" doc:"value worth 1, with the metric's unit"`
	Swing    float64    `yaml:"swing" range:"0 100" doc:"worth of bad to good; largest is 100"`
	By       string     `yaml:"by" doc:"who judged or declared"`
	Evidence string     `yaml:"evidence" doc:"URL or file that shows it"`
}

// Judgements are a low, a likely and a high number by system.
type Judgements map[string][]float64

// Numbers are declared numbers by system.
type Numbers map[string]float64

// Anchor is a value as written, with its number in the metric's unit (times in ns).
type Anchor struct {
	Text  string
	Value float64
}

// Doubt says how weights and values are varied: weights are drawn from Dirichlet(Kappa * weight).
type Doubt struct {
	Kappa float64 `yaml:"kappa" range:"1 10000" doc:"concentration of the weights drawn"`
	Draws int     `yaml:"draws" range:"1000 1000000" doc:"number of draws"`
	Seed  uint64  `yaml:"seed,zero" doc:"seed of the draws"`
}

// Percent is a part of a whole, 0..1, written as a percentage.
type Percent float64
