"""C++ expressions in which constants take the precision of the arrays they meet.

Brian2 writes constants as C++ doubles, so that a single-precision array that meets one is
computed in double precision, at half the speed. Here, as in NumPy 2, arrays decide: a constant
that meets a single-precision array becomes one of single precision, and everything that meets a
double-precision array stays double. Expressions of constants alone are computed in double
precision and rounded once.
"""

import ast
import copy
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np
from brian2.codegen.generators.cpp_generator import CPPCodeGenerator
from brian2.codegen.statements import Statement
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.variables import ArrayVariable, Constant, Subexpression, Variable
from brian2.parsing.rendering import CPPNodeRenderer
from brian2.utils.stringtools import word_substitute

#: Functions with overloads for float and double; the others are taken as they are.
OVERLOADED = frozenset(
    [
        *["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "_exp", "expm1"],
        *["log", "log1p", "log10", "sqrt", "floor", "ceil", "_brian_abs", "_clip"],
    ]
)
INTEGER_VALUED = frozenset(["int_", "_sign", "_timestep"])


class Kind(Enum):
    """What a C++ expression is made of."""

    BOOLEAN = 0
    INTEGER = 1
    LITERAL_INTEGER = 2
    CONSTANT = 3  # floating point, the same for all cells: takes the others' precision
    FLEXIBLE = 4  # integers that met floating-point constants: likewise
    SINGLE = 5
    DOUBLE = 6


DISCRETE = frozenset([Kind.BOOLEAN, Kind.INTEGER, Kind.LITERAL_INTEGER])
ADAPTS = frozenset([Kind.CONSTANT, Kind.FLEXIBLE, Kind.LITERAL_INTEGER])


def combine(left: Kind, right: Kind) -> Kind:
    """Kind of the result of arithmetic on two operands."""
    kinds = {left, right}
    if Kind.DOUBLE in kinds:
        return Kind.DOUBLE
    if Kind.SINGLE in kinds:
        return Kind.SINGLE
    if kinds == {Kind.LITERAL_INTEGER}:
        return Kind.LITERAL_INTEGER
    if kinds <= DISCRETE:
        return Kind.INTEGER
    return Kind.CONSTANT if kinds <= {Kind.CONSTANT, Kind.LITERAL_INTEGER} else Kind.FLEXIBLE


def kind_of_dtype(dtype: Any) -> Kind:
    """Kind of an array of this NumPy type."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return Kind.BOOLEAN
    if dtype.kind in "iu":
        return Kind.INTEGER
    return Kind.SINGLE if dtype == np.float32 else Kind.DOUBLE


def kind_of_variable(variable: Variable) -> Kind:
    """Kind of a Brian2 variable."""
    if isinstance(variable, Constant):
        kind = kind_of_dtype(variable.dtype)
        if kind is Kind.INTEGER:
            return Kind.LITERAL_INTEGER
        return kind if kind is Kind.BOOLEAN else Kind.CONSTANT
    if isinstance(variable, ArrayVariable) and variable.name == "dt" and variable.scalar:
        return Kind.CONSTANT  # the length of a time step, not a quantity that builds up like t
    return kind_of_dtype(variable.dtype)


class PrecisionRenderer(CPPNodeRenderer):
    """Render Python expressions as C++, constants in the precision of what they meet.

    Parameters
    ----------
    kinds : mapping of str to Kind
        Kinds of the names; names that are not in it count as constants.
    auto_vectorise : set of str
        As in Brian2: functions that take the index of the cell as well.
    """

    def __init__(self, kinds: Mapping[str, Kind], auto_vectorise: set[str]) -> None:
        super().__init__(auto_vectorise=auto_vectorise)
        self.kinds = kinds

    def kind(self, node: ast.AST) -> Kind:
        """Kind of an expression."""
        match node:
            case ast.Constant(value=bool()):
                return Kind.BOOLEAN
            case ast.Constant(value=int()):
                return Kind.LITERAL_INTEGER
            case ast.Name(id=name):
                return self.kinds.get(name, Kind.CONSTANT)
            case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return Kind.BOOLEAN
            case ast.UnaryOp(operand=operand):
                return self.kind(operand)
            case ast.BinOp(left=left, op=op, right=right):
                kind = combine(self.kind(left), self.kind(right))
                if isinstance(op, ast.Div | ast.Pow) and kind in DISCRETE:
                    return combine(kind, Kind.CONSTANT)
                return kind
            case ast.Call(func=ast.Name(id=name), args=args):
                if name in INTEGER_VALUED:
                    return Kind.INTEGER
                if name not in OVERLOADED:
                    return Kind.DOUBLE
                kind = Kind.LITERAL_INTEGER
                for arg in args:
                    kind = combine(kind, self.kind(arg))
                if kind in DISCRETE and name not in ("_clip", "_brian_abs"):
                    kind = combine(kind, Kind.CONSTANT)
                return kind
        return Kind.CONSTANT

    def render_single(self, node: ast.AST) -> str:
        """Render so that the result has single precision, if it has no precision of its own."""
        match self.kind(node), node:
            case Kind.CONSTANT, ast.Constant(value=float(value)):
                return f"{value!r}f"
            case Kind.CONSTANT | Kind.LITERAL_INTEGER, _:
                return f"((float)({self.render_node(node)}))"
            case Kind.FLEXIBLE, ast.BinOp(left=left, op=op, right=right):
                return f"({self._operation(left, op, right, single=True)})"
            case Kind.FLEXIBLE, _:
                return f"((float)({self.render_node(node)}))"
        return self.render_element_parentheses(node)

    def _operation(self, left: ast.AST, op: ast.AST, right: ast.AST, single: bool) -> str:
        render = self.render_single if single else self.render_element_parentheses
        left_code, right_code = render(left), render(right)
        match op:
            case ast.Pow():
                # of numbers that are written out, as in x**2, the compiler makes products
                power = "_power" if single and not _is_literal(right) else "_brian_pow"
                return f"{power}({left_code}, {right_code})"
            case ast.Mod():
                return f"_brian_mod({left_code}, {right_code})"
            case ast.FloorDiv():
                return f"_brian_floordiv({left_code}, {right_code})"
            case ast.Div():
                return f"{'1.0f' if single else '1.0'}*{left_code}/{right_code}"
        return f"{left_code} {self.expression_ops[type(op).__name__]} {right_code}"

    def render_BinOp(self, node: ast.BinOp) -> str:
        """Arithmetic; bit operators are refused as by Brian2."""
        if isinstance(node.op, ast.BitXor | ast.BitAnd | ast.BitOr):
            return super().render_BinOp(node)
        single = self.kind(node) is Kind.SINGLE
        return self._operation(node.left, node.op, node.right, single)

    def render_Compare(self, node: ast.Compare) -> str:
        """Compare in the precision of the operands."""
        if len(node.comparators) > 1:
            return super().render_Compare(node)
        right = node.comparators[0]
        single = combine(self.kind(node.left), self.kind(right)) is Kind.SINGLE
        return self._operation(node.left, node.ops[0], right, single)

    def render_Call(self, node: ast.Call) -> str:
        """Call with arguments of one precision, where the function has overloads."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if self.kind(node) is not Kind.SINGLE or name in self.auto_vectorise:
            return str(super().render_Call(node))
        return f"{name}({', '.join(self.render_single(arg) for arg in node.args)})"


def _is_literal(node: ast.AST) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant)


#: Brian2's own compares in double precision whatever it is given, and branches.
CLIP = """
template <typename T, typename A, typename B>
static inline T _clip(const T value, const A a_min, const B a_max)
{
    return value < a_min ? (T)a_min : (value > a_max ? (T)a_max : value);
}
"""

#: exp(x) = 2**n * exp(r) with |r| <= log(2)/2. Unlike a call of a library's vector function, it
#: leaves the registers of the loop around it alone, and is the same in the last, scalar
#: iterations of a loop. Off by less than 2 units in the last place; saturates at the ends of
#: the range of finite, normal numbers.
EXP = """
static inline float _exp(const float x)
{
    const float bounded = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
    const float n = floorf(bounded * 1.44269504f + 0.5f);
    const float r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
    float y = 1.9875691500e-4f;
    y = y * r + 1.3981999507e-3f;
    y = y * r + 8.3334519073e-3f;
    y = y * r + 4.1665795894e-2f;
    y = y * r + 1.6666665459e-1f;
    y = y * r + 5.0000001201e-1f;
    y = (y * r) * r + r + 1.0f;
    const int32_t bits = ((int32_t)n + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof(scale));
    return y * scale;
}
static inline double _exp(const double x)
{
    return exp(x);
}
"""

#: x**y = 2**(y * log2(x)), where log2(x) is a whole number e and the logarithm of a mantissa m
#: between sqrt(1/2) and sqrt(2): y * e is split into a whole number and the rest before
#: anything is rounded away. For x between 1e-6 and 1e6 and y from -1 to 3 it is off by at most 2
#: units in the last place where multiplying and adding is one instruction, 11 elsewhere, and
#: saturates as exp does. A negative x takes whole numbers y, as in C; what C calls NaN is some
#: number here.
POWER = """
union _float_bits
{
    float number;
    int32_t bits;
};
static inline float _power(const float x, const float y)
{
    const float size = fabsf(x) < 1.17549435e-38f ? 1.17549435e-38f : fabsf(x);
    union _float_bits mantissa, scale;
    mantissa.number = size;
    const int32_t exponent = (mantissa.bits - 0x3f3504f3) >> 23;
    mantissa.bits -= exponent * (1 << 23);
    const float z = mantissa.number - 1.0f, z2 = z * z;
    float p = 7.0376836292e-2f;
    p = p * z - 1.1514610310e-1f;
    p = p * z + 1.1676998740e-1f;
    p = p * z - 1.2420140846e-1f;
    p = p * z + 1.4249322787e-1f;
    p = p * z - 1.6668057665e-1f;
    p = p * z + 2.0000714765e-1f;
    p = p * z - 2.4999993993e-1f;
    p = p * z + 3.3333331174e-1f;
    const float log_mantissa = z + z2 * (z * p - 0.5f);
    const float e = (float)exponent, of_e = y * e, of_mantissa = y * log_mantissa;
    const float sum = of_e + of_mantissa * 1.44269504f;
    const float bounded = sum < -126.0f ? -126.0f : (sum > 127.0f ? 127.0f : sum);
    const float n = floorf(bounded + 0.5f);
    const float rest = (y * e - n) * 0.693147181f + of_mantissa;
    const float r = rest < -0.35f ? -0.35f : (rest > 0.35f ? 0.35f : rest);
    float q = 1.9875691500e-4f;
    q = q * r + 1.3981999507e-3f;
    q = q * r + 8.3334519073e-3f;
    q = q * r + 4.1665795894e-2f;
    q = q * r + 1.6666665459e-1f;
    q = q * r + 5.0000001201e-1f;
    q = (q * r) * r + r + 1.0f;
    scale.bits = ((int32_t)n + 127) << 23;
    const float half = y * 0.5f;
    const float sign = x < 0.0f && floorf(half) != half ? -1.0f : 1.0f;
    return x == 0.0f && y > 0.0f ? 0.0f : sign * q * scale.number;
}
"""


class PrecisionCPPCodeGenerator(CPPCodeGenerator):
    """Brian2's C++, with expressions and locals in the precision of the arrays they use."""

    #: The name under which Brian2 looks for implementations of functions.
    class_name = "precision_cpp"

    def __init__(self, *args: Any, **kwds: Any) -> None:
        super().__init__(*args, **kwds)
        self.kinds: dict[str, Kind] = {}
        self.uses_power = False
        for name, variable in self.variables.items():
            if isinstance(variable, Variable) and not isinstance(variable, Subexpression):
                self.kinds[name] = kind_of_variable(variable)

    def translate_statement_sequence(
        self,
        sc_statements: dict[str | None, list[Statement]],
        ve_statements: dict[str | None, list[Statement]],
    ) -> tuple[dict[str | None, list[str]], dict[str | None, list[str]], dict[str, Any]]:
        """Translate; the power of single precision stands before code that uses it."""
        scalar_code, vector_code, kwds = super().translate_statement_sequence(
            sc_statements, ve_statements
        )
        if self.uses_power:
            kwds["support_code_lines"] += POWER.splitlines()
        return scalar_code, vector_code, kwds

    def translate_expression(self, expr: str, single: bool = False) -> str:
        """Translate an expression, to single precision if it has none of its own."""
        expr = word_substitute(expr, self.func_name_replacements)
        renderer = PrecisionRenderer(self.kinds, self.auto_vectorise)
        node = ast.parse(expr.strip(), mode="eval").body
        code = renderer.render_single(node) if single else renderer.render_node(node)
        self.uses_power |= "_power(" in code
        return str(code).strip()

    def expression_kind(self, expr: str) -> Kind:
        """Kind of an expression given as a string."""
        expr = word_substitute(expr, self.func_name_replacements)
        renderer = PrecisionRenderer(self.kinds, self.auto_vectorise)
        return renderer.kind(ast.parse(expr.strip(), mode="eval").body)

    def translate_statement(self, statement: Statement) -> str:
        """Translate a statement; locals get the precision of what they are made of."""
        kind = self.expression_kind(statement.expr)
        if statement.op == ":=":
            return super().translate_statement(self._declare(statement, kind))
        if (
            kind in ADAPTS
            and self.kinds.get(statement.var) is Kind.SINGLE
            and not statement.used_boolean_variables
        ):
            code = self.translate_expression(statement.expr, single=True)
            return f"{statement.var} {statement.op} {code};"
        return super().translate_statement(statement)

    def _declare(self, statement: Statement, kind: Kind) -> Statement:
        statement = copy.copy(statement)
        if np.dtype(statement.dtype).kind != "f":
            self.kinds[statement.var] = kind_of_dtype(statement.dtype)
            if statement.expr.startswith("int(") and kind is Kind.INTEGER:
                statement.dtype = np.int32  # what int_ returns; 64 bits would halve the speed
            return statement
        if kind is Kind.SINGLE:
            statement.dtype = np.float32
            self.kinds[statement.var] = Kind.SINGLE
            return statement
        statement.dtype = np.float64
        fixed = statement.constant and kind in (Kind.CONSTANT, Kind.LITERAL_INTEGER)
        self.kinds[statement.var] = Kind.CONSTANT if fixed else Kind.DOUBLE
        return statement


for _name, _code in (("clip", CLIP), ("exp", EXP)):
    DEFAULT_FUNCTIONS[_name].implementations.add_implementation(
        PrecisionCPPCodeGenerator,
        code=_code,
        name=f"_{_name}",
        compiler_kwds={"headers": ["<cstring>"]},
    )
