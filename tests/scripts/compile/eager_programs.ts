/**
 * Small modules, the same ones with what runs in them made eager, and what both export as `result`.
 *
 * @module
 */

/** One module. */
interface Program {
  readonly before: string;
  readonly after: string;
  readonly result: unknown;
}

/** The modules, by what each is about. */
export const PROGRAMS: Readonly<Record<string, Program>> = {
  "a declaration goes to the top, where it is there before everything": {
    before:
      "const a=f(1);function f(b,c){return[b,f.name,f.length,this]}function g(){}export const result=a;",
    after:
      "var f=(function(b,c){return[b,f.name,f.length,this]});const a=f(1);function g(){}export const result=a;",
    result: [1, "f", 2, undefined],
  },
  "several go in their order, what did not run stays between them": {
    before: "function f(){return g()}function g(){return 2}function h(){}function i(){return 3}" +
      "export const result=[f(),i()];",
    after: "var f=(function(){return g()}),g=(function(){return 2}),i=(function(){return 3});" +
      "function h(){};export const result=[f(),i()];",
    result: [2, 3],
  },
  "a declaration that ended a statement still does": {
    before: "let a=[1]\nfunction f(){return 0}\n[f()].push(2)\nexport const result=a",
    after: "var f=(function(){return 0});let a=[1]\n;\n[f()].push(2)\nexport const result=a",
    result: [1],
  },
  "a function may set its own name anew": {
    before: "function f(){f=()=>2;return 1}export const result=[f(),f()];",
    after: "var f=(function(){f=(()=>2);return 1});export const result=[f(),f()];",
    result: [1, 2],
  },
  "asynchronous functions and generators stay what they are": {
    before: "async function f(){return 1}function*g(){yield 2}async function *h(){yield 3}" +
      "export const result=[await f(),...g(),(await h().next()).value,h.name];",
    after: "var f=(async function(){return 1}),g=(function*(){yield 2}),h=(async function *(){yield 3});" +
      "export const result=[await f(),...g(),(await h().next()).value,h.name];",
    result: [1, 2, 3, "h"],
  },
  "what is an argument gets parentheses of its own": {
    before: "const add=async x=>x+1,twice=function(x){return 2*x};" +
      "export const result=[[1].map(x=>x+2),[1].map(twice),await add(1),add.name,twice.name];",
    after: "const add=async x=>x+1,twice=(function(x){return 2*x});" +
      "export const result=[[1].map((x=>x+2)),[1].map(twice),await add(1),add.name,twice.name];",
    result: [[3], [2], 2, "add", "twice"],
  },
  "functions within functions, also among their parameters": {
    before: "function f(a=()=>1,b=function(){return typeof this}){function g(){return a.name+b.name}" +
      "return[a(),b.call(2),g(),(x=>y=>x+y)(3)(4),(()=>5)()]}export const result=f();",
    after:
      "var f=(function(a=(()=>1),b=(function(){return typeof this})){function g(){return a.name+b.name}" +
      "return[a(),b.call(2),g(),((x=>(y=>x+y)))(3)(4),((()=>5))()]});export const result=f();",
    result: [1, "number", "ab", 7, 5],
  },
  "an object's methods become properties with functions": {
    before:
      'const o={n:1,m(){return this.n},async a(b=()=>2){return b()},*g(){yield 3},"two words"(){return 4},' +
      "5(){return 5},unused(){}};export const result=[o.m(),await o.a(),...o.g(),o['two words'](),o[5](),o.m.name];",
    after:
      "const o={n:1,m:(function(){return this.n}),a:(async function(b=(()=>2)){return b()}),g:(function*(){yield 3})," +
      '"two words":(function(){return 4}),5:(function(){return 5}),unused(){}};' +
      "export const result=[o.m(),await o.a(),...o.g(),o['two words'](),o[5](),o.m.name];",
    result: [1, 2, 3, 4, 5, "m"],
  },
  "methods that would mean something else stay": {
    before:
      "const k='b',o={get a(){return 1},[k](){return 2},__proto__(){return 3},s(){return super.valueOf()}};" +
      "export const result=[o.a,o.b(),o.__proto__(),o.s()===o];",
    after:
      "const k='b',o={get a(){return 1},[k](){return 2},__proto__(){return 3},s(){return super.valueOf()}};" +
      "export const result=[o.a,o.b(),o.__proto__(),o.s()===o];",
    result: [1, 2, 3, true],
  },
  "of classes only what their fields hold is rewritten": {
    before:
      "class C{#n=1;f=()=>this.#n;static s=function(){return this.name};m(){return[1].map(x=>x+this.#n)}" +
      "get g(){return 3}}const c=new C;export const result=[c.f(),C.s(),c.m(),c.g,c.f.name];",
    after:
      "class C{#n=1;f=(()=>this.#n);static s=(function(){return this.name});m(){return[1].map((x=>x+this.#n))}" +
      "get g(){return 3}}const c=new C;export const result=[c.f(),C.s(),c.m(),c.g,c.f.name];",
    result: [1, "C", [2], 3, "f"],
  },
  "what is exported by its declaration stays, what is exported by name does not": {
    before: "export default function(){return 1}export function f(){return 2}function g(){return f()}" +
      "const result=[g()];export{g as default2,result};",
    after:
      "var g=(function(){return f()});export default function(){return 1}export function f(){return 2};" +
      "const result=[g()];export{g as default2,result};",
    result: [2],
  },
  "text that looks like a function is text": {
    before: "const t='function f(){}',u=`function f(){}${(()=>'x=>x')()}`,r=/function f(){}/;" +
      "function f(){return[t,u,r.source]}export const result=f();",
    after:
      "var f=(function(){return[t,u,r.source]});const t='function f(){}',u=`function f(){}${((()=>'x=>x'))()}`," +
      "r=/function f(){}/;export const result=f();",
    result: ["function f(){}", "function f(){}x=>x", "function f(){}"],
  },
  "the first line and comments keep their places": {
    before: "#!/usr/bin/env deno\n/* why */function // f\nf(){return 1}\nexport const result=f();",
    after: "#!/usr/bin/env deno\n/* why */var f=(function // f\n(){return 1});\nexport const result=f();",
    result: 1,
  },
};
