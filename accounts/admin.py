"""People in the admin, which is entered through the product's own login page."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.decorators import login_required

from accounts.models import User

# One door for everyone; a person without staff rights still gets the admin's own refusal.
admin.site.login = login_required(admin.site.login)  # type: ignore[method-assign]

admin.site.site_header = admin.site.site_title = "CryptoDT"


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "email", "is_staff", "is_active", "must_change_password")
    list_filter = ("is_staff", "is_active", "must_change_password")
    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        ("One-time password", {"fields": ("must_change_password",)}),
    )
    add_fieldsets = (
        *UserAdmin.add_fieldsets,
        ("One-time password", {"fields": ("must_change_password",)}),
    )
