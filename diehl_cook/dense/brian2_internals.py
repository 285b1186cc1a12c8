"""All of Brian2 that this package leans on beyond what its documentation tells users to import.

Generators, devices and templates are Brian2's own affair: any version may reword them. So this
list is gone through when the package is imported, and a Brian2 that lacks something is refused
there, in one line, rather than believed in.
"""

import importlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import brian2

#: The versions that the tests were run with, from the first to the last.
TRIED_VERSIONS = ("2.9.0", "2.10.1", "2.11.0")

Names = Mapping[str, tuple[str, ...]]

#: Names by the module or class that has them; in parentheses, parameters that must be there.
NAMES: Names = {
    # objects of a network
    "brian2.core.base.BrianObject": (
        *("_clock", "add_dependency", "add_to_magic_network", "contained_objects", "name"),
    ),
    "brian2.core.names": ("find_name",),
    "brian2.core.network.Network": ("sorted_objects",),
    "brian2.groups.group": ("Indexing", "get_dtype"),
    "brian2.groups.group.CodeRunner": (
        "__init__(group, template, code, clock, when, order, name)",
        "__init__(needed_variables, template_kwds)",
        *("abstract_code", "codeobj_class", "create_default_code_object(run_namespace)", "group"),
    ),
    "brian2.groups.group.Group": ("run_regularly(code, dt, clock, when, order, name)",),
    "brian2.groups.group.Indexing": ("__call__(item, index_var)", "__init__(group)"),
    "brian2.groups.group.VariableOwner": (
        *("_enable_group_attributes", "_indices", "codeobj_class"),
    ),
    "brian2.groups.neurongroup": (
        *("Resetter", "StateUpdater", "Thresholder", "check_identifier_pre_post"),
    ),
    "brian2.groups.subgroup.Subgroup": ("source", "start", "stop"),
    # variables
    "brian2.core.variables": (
        *("ArrayVariable", "AuxiliaryVariable", "Constant", "Subexpression"),
        *("Variable", "VariableView", "Variables"),
    ),
    "brian2.core.variables.ArrayVariable": (
        "__init__(name, owner, size, device, dimensions, dtype, constant)",
        *("get_addressable_value(name, group)", "get_addressable_value_with_unit(name, group)"),
    ),
    "brian2.core.variables.Variable": (
        *("constant", "dim", "dtype", "name", "owner", "scalar"),
        *("get_addressable_value(name, group)", "get_addressable_value_with_unit(name, group)"),
    ),
    "brian2.core.variables.VariableView": (
        "__init__(name, variable, group, dimensions)",
        "get_with_expression(code, run_namespace)",
        *("group", "group_name", "indexing", "name"),
        "set_item(item, value, level, namespace)",
        "set_with_expression(item, code, run_namespace, check_units)",
        "set_with_expression_conditional(cond, code, run_namespace, check_units)",
    ),
    "brian2.core.variables.Variables": (
        "_add_variable(name, var)",
        "add_array(name, size, dimensions, dtype, constant, scalar, index)",
        "add_auxiliary_variable(name, dtype)",
        "add_constant(name, value)",
        "add_reference(name, group, varname, index)",
        "add_subexpression(name, expr, dimensions, dtype, scalar)",
        "create_clock_variables(clock)",
        *("device", "indices"),
    ),
    # equations and statements
    "brian2.codegen.statements": ("Statement",),
    "brian2.codegen.statements.Statement": (
        "__init__(var, op, expr, comment, dtype, scalar)",
        *("comment", "constant", "dtype", "expr", "inplace", "op", "scalar"),
        *("used_boolean_variables", "var"),
    ),
    "brian2.codegen.translation": ("get_identifiers_recursively",),
    "brian2.equations.equations": ("DIFFERENTIAL_EQUATION", "PARAMETER", "SUBEXPRESSION"),
    "brian2.parsing.statements": ("parse_statement",),
    "brian2.parsing.sympytools": ("str_to_sympy(expr)", "sympy_to_str(sympy_expr)"),
    "brian2.utils.stringtools": (
        *("get_identifiers", "stripped_deindented_lines", "word_substitute"),
    ),
    # code made of them
    "brian2.codegen.codeobject": (
        "CodeObject",
        "create_runner_codeobj(group, code, template_name, run_namespace, name, check_units)",
        "create_runner_codeobj(additional_variables, template_kwds, codeobj_class)",
    ),
    "brian2.codegen.generators.base.CodeGenerator": (
        *("arrays_helper(statements)", "auto_vectorise", "func_name_replacements", "name"),
        *("owner", "template_name", "variable_indices", "variables"),
    ),
    "brian2.codegen.generators.cpp_generator": ("CPPCodeGenerator", "c_data_type"),
    "brian2.codegen.generators.cpp_generator.CPPCodeGenerator": (
        "class_name",
        "get_array_name(var)",
        "translate_expression(expr)",
        "translate_statement(statement)",
        "translate_statement_sequence(sc_statements, ve_statements)",
        "translate_to_declarations(read, write, indices)",
        "translate_to_read_arrays(read, write, indices)",
        "translate_to_statements(statements, conditional_write_vars)",
        "translate_to_write_arrays(write)",
    ),
    "brian2.codegen.generators.numpy_generator": ("NumpyCodeGenerator", "VectorisationError"),
    "brian2.codegen.generators.numpy_generator.NumpyCodeGenerator": (
        "class_name",
        "translate_expression(expr)",
        "translate_statement(statement)",
        "ufunc_at_vectorisation(statement, variables, indices, conditional_write_vars)",
        "vectorise_code(statements, variables, variable_indices)",
    ),
    "brian2.codegen.runtime.numpy_rt.numpy_rt.NumpyCodeObject": ("generator_class", "templater"),
    "brian2.codegen.templates.Templater": ("derive(package_name, env_globals, templates_dir)",),
    "brian2.parsing.rendering": ("CPPNodeRenderer",),
    "brian2.parsing.rendering.CPPNodeRenderer": ("expression_ops", "render_BinOp(node)"),
    "brian2.parsing.rendering.NodeRenderer": (
        "__init__(auto_vectorise)",
        *("auto_vectorise", "render_Call(node)", "render_Compare(node)"),
        *("render_element_parentheses(node)", "render_node(node)"),
    ),
    # devices
    "brian2.core": ("clocks",),
    "brian2.devices.cpp_standalone.codeobject": ("CPPStandaloneCodeObject", "openmp_pragma"),
    "brian2.devices.cpp_standalone.codeobject.CPPStandaloneCodeObject": (
        *("before_after_blocks", "generator_class", "templater"),
    ),
    "brian2.devices.cpp_standalone.device": ("CPPStandaloneDevice", "CPPWriter"),
    "brian2.devices.cpp_standalone.device.CPPStandaloneDevice": (
        "code_object_class(codeobj_class, fallback_pref)",
        *("_maximum_run_time", "clocks", "code_objects", "delete(code)", "enable_profiling"),
        "generate_network_source(writer, compiler)",
        *("get_array_name(var)", "writer"),
        "generate_makefile(writer, compiler, compiler_flags)",
        "init_with_zeros(var, dtype)",
        "network_run(net, duration, level)",
    ),
    "brian2.devices.cpp_standalone.device.CPPWriter": (
        *("project_dir", "source_files", "write(filename, contents)"),
    ),
    "brian2.devices.device": ("Device", "RuntimeDevice"),
}

#: Templates to replace or to extend, by the class that has them, with the blocks to be filled in.
TEMPLATES: Mapping[str, Names] = {
    "brian2.devices.cpp_standalone.codeobject.CPPStandaloneCodeObject": {
        "common_group.cpp": ("after_code", "extra_functions_cpp", "extra_headers", "maincode"),
        "group_variable_set_conditional.cpp": (),
        "makefile": (),
        "network.cpp": (),
        "stateupdate.cpp": (),
        "threshold.cpp": (),
    },
    "brian2.codegen.runtime.numpy_rt.numpy_rt.NumpyCodeObject": {
        "common_group.py_": ("maincode",),
        "group_variable_set_conditional.py_": (),
    },
}


def missing(names: Names = NAMES, templates: Mapping[str, Names] = TEMPLATES) -> list[str]:
    """Names that the installed Brian2 does not have.

    Parameters
    ----------
    names, templates
        What to look for, see `NAMES` and `TEMPLATES`.

    Returns
    -------
    list of str
        What is gone, in full.
    """
    return [*_missing_names(names), *_missing_templates(templates)]


def require_all() -> None:
    """Refuse a Brian2 in which something is missing.

    Raises
    ------
    ImportError
        With all that is missing.
    """
    gone = missing()
    if gone:
        raise ImportError(
            f"Brian2 {brian2.__version__} has no {', no '.join(gone)}, on which {__package__} "
            f"leans: install Brian2 {TRIED_VERSIONS[0]} to {TRIED_VERSIONS[-1]}."
        )


def _missing_names(names: Names) -> Iterator[str]:
    for path, members in names.items():
        try:
            owner = _find(path)
        except (ImportError, AttributeError):
            yield path
            continue
        for member in members:
            name, _, parameters = member.rstrip(")").partition("(")
            if not _has(owner, name):
                yield f"{path}.{name}"
            elif parameters:
                known = inspect.signature(getattr(owner, name)).parameters
                for parameter in set(parameters.split(", ")) - set(known):
                    yield f"parameter '{parameter}' of {path}.{name}"


def _missing_templates(templates: Mapping[str, Names]) -> Iterator[str]:
    for path, blocks_of in templates.items():
        environment = _find(path).templater.env
        for template, blocks in blocks_of.items():
            if template not in environment.list_templates():
                yield f"template {template} of {path}"
                continue
            for block in set(blocks) - set(environment.get_template(template).blocks):
                yield f"block '{block}' in template {template} of {path}"


def _find(path: str) -> Any:
    """Import a module, or a class in one."""
    module, _, name = path.rpartition(".")
    return (
        getattr(importlib.import_module(module), name)
        if name[0].isupper()
        else importlib.import_module(path)
    )


def _has(owner: Any, name: str) -> bool:
    """Whether a module or class has an attribute, or one of its methods speaks of it."""
    if hasattr(owner, name):
        return True
    members = [m for base in getattr(owner, "__mro__", ()) for m in vars(base).values()]
    methods = [inspect.unwrap(member) for member in members if callable(member)]
    return any(name in m.__code__.co_names for m in methods if hasattr(m, "__code__"))


require_all()
